import { setTimeout as sleep } from 'node:timers/promises';

import type { Handler } from '../../src/bus/event-context.js';
import type { Codec } from '../../src/codec/codec.js';
import { JsonCodec } from '../../src/codec/json.js';
import { contractOf } from '../../src/event/contract-of.js';
import { EventRegistry } from '../../src/event/event-registry.js';
import { Delivery } from '../../src/inbound/delivery.js';
import { EventTasks } from '../../src/inbound/event-tasks.js';
import { InboxSettler } from '../../src/inbound/inbox-settler.js';
import { OutcomeTally } from '../../src/inbound/outcome-tally.js';
import type { OutcomeCounts } from '../../src/inbound/outcomes.js';
import { PartitionLine } from '../../src/inbound/partition-line.js';
import { RecentIds } from '../../src/inbound/recent-ids.js';
import { RecentSettler } from '../../src/inbound/recent-settler.js';
import { RecordReader } from '../../src/inbound/record-reader.js';
import type { Scope } from '../../src/inbound/scope.js';
import type { SendStaged } from '../../src/inbound/settler.js';
import type { InRecord } from '../../src/kafka/record.js';
import { TopicNames } from '../../src/kafka/topics.js';
import { Encoder } from '../../src/outbound/encoder.js';
import type { ErrorPolicy } from '../../src/policy/policy.js';
import type { StagedRecord, Store } from '../../src/store/store.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { OrderBilled, OrderPlaced } from './events.js';
import { TestClaim } from './records.js';

export interface ProcessingOptions {
  readonly store?: Store | undefined;
  readonly handle: Handler<OrderPlaced>;
  readonly policies?: readonly ErrorPolicy[] | undefined;
  readonly concurrency?: number | undefined;
  readonly handlerTimeoutMs?: number | undefined;
  readonly codec?: Codec | undefined;
  /** Awaited before a staged record counts as sent. */
  readonly sending?: SendStaged | undefined;
}

export const GROUP = 'tests.billing';

/** What a processor does with its records, without Kafka: lines that the test assigns, sends that it looks at. */
export class Processing {
  readonly tally = new OutcomeTally(['order_placed']);
  readonly sent: StagedRecord[] = [];
  readonly failures: unknown[] = [];
  readonly restarts: unknown[] = [];
  readonly stuck: number[] = [];
  readonly notices: Notice[] = [];
  /** Every scope that records were handled in. */
  readonly scopes = new Set<Scope>();
  readonly #options: ProcessingOptions;
  readonly #delivery: Delivery;

  constructor(options: ProcessingOptions) {
    this.#options = options;
    const { store, handle, policies = [], handlerTimeoutMs = 60_000, codec = new JsonCodec() } = options;
    const notices = new Notices();
    notices.onNotice((notice) => this.notices.push(notice));
    const topics = new TopicNames('busbar');
    const contract = contractOf(OrderPlaced);
    const encoder = new Encoder({ codec, topics, maxRecordBytes: 1_000_000 });
    const send: SendStaged = async (record, scope) => {
      await options.sending?.(record, scope);
      this.sent.push(record);
    };
    const hear = (): void => undefined;
    const reader = new RecordReader({
      wanted: (name) => (name === contract.name ? [contract] : []),
      registry: new EventRegistry([OrderPlaced, OrderBilled]),
      codec,
      topics,
      mappings: new Map(),
    });
    const origin = { group: GROUP, processor: 'billing' };
    const tasks = new EventTasks(reader, new Map([[contract, handle as Handler<object>]]), {
      ...origin,
      source: '/tests',
      hasStore: store !== undefined,
      publishes: new Set([OrderBilled]),
      encode: (envelope) => {
        const encoded = encoder.encode(envelope);
        return encoded instanceof Promise ? encoded.then(({ record }) => record) : encoded.record;
      },
      resolve: () => {
        throw new Error('there is no container');
      },
      notices,
    });
    this.#delivery = new Delivery({
      taskOf: (record, delivery) => tasks.of(record, delivery),
      settler:
        store === undefined
          ? new RecentSettler({ recent: new RecentIds(), send, hear })
          : new InboxSettler({ group: GROUP, store, send, hear }),
      policies,
      handlerTimeoutMs,
      origin,
      tally: this.tally,
      notices,
      deadLetterTopic: (topic) => topics.deadLetter(topic),
      onStuck: ({ offset }) => this.stuck.push(offset),
    });
  }

  /** A partition that was given to this process, and its line. */
  assign(): { readonly claim: TestClaim; readonly line: PartitionLine } {
    const claim = new TestClaim();
    const line = new PartitionLine({
      claim,
      concurrency: this.#options.concurrency ?? 1,
      maxInFlight: 10_000,
      tally: this.tally,
      handle: (record, scope, delivery) => {
        this.scopes.add(scope);
        return this.#delivery.deliver(record, scope, delivery);
      },
      onFailed: (error) => this.failures.push(error),
      onBeginAgain: (error) => this.restarts.push(error),
    });
    return { claim, line };
  }

  /** The counts; throws when they do not add up. */
  books(): OutcomeCounts {
    const { outcomes, events } = this.tally.stats();
    const all = [outcomes, ...Object.values(events).map((event) => event.outcomes)];
    for (const { delivered, ...others } of all) {
      const sum = Object.values(others).reduce((total, count) => total + count, 0);
      if (delivered !== sum) throw new Error(`delivered ${delivered} is not the sum ${sum} of ${JSON.stringify(others)}`);
    }
    for (const name of Object.keys(outcomes) as (keyof OutcomeCounts)[]) {
      const sum = Object.values(events).reduce((total, event) => total + event.outcomes[name], 0);
      if (outcomes[name] !== sum) throw new Error(`${name} ${outcomes[name]} is not the sum ${sum} of its events`);
    }
    return outcomes;
  }
}

/** An order as it could have been read. */
export function order(offset: number, { id = `event-${offset}`, key }: { id?: string; key?: string | undefined } = {}): InRecord {
  return {
    topic: 'busbar.orders',
    partition: 0,
    offset,
    timestamp: 1_700_000_000_000 + offset,
    key: key === undefined ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify({ orderId: key ?? 'none', amount: offset })),
    headers: {
      ce_specversion: '1.0',
      ce_type: 'order_placed',
      ce_id: id,
      ce_source: '/shop',
      ce_time: '2026-01-01T00:00:00.000Z',
      'content-type': 'application/json',
    },
  };
}

/** Waits for a condition that becomes true by itself; the test's own limit ends the wait. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}
