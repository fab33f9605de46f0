import { IsString } from 'class-validator';
import { injectable } from 'inversify';
import kafkajs, { type Message as KafkaJsMessage } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { startEmbeddedKafka, type EmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import type { KafkaService } from '../../src/service/kafka-service.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { Message } from '../../src/service/client/message.js';
import type { Notice } from '../../src/telemetry/notices.js';
import { until } from '../support/application.js';
import { everythingOn } from '../support/client.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { application, OrderPlaced, stopApplications } from '../support/shop-application.js';

const named = (ce_type: string, ce_id: string): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_type,
  ce_id,
  ce_source: '/elsewhere',
  'content-type': 'application/json',
});
const good = (orderId: string): KafkaJsMessage => ({
  key: orderId,
  value: JSON.stringify({ orderId }),
  headers: named('order_placed', orderId),
});

const MB = 1024 * 1024;
const garbage = Buffer.from([0xff, 0x00, 0x80, 0x01]);
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const headers = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, `value ${i}`]));

interface Case {
  readonly what: string;
  readonly record: Omit<KafkaJsMessage, 'key'> & { readonly key?: string };
  /** What becomes of it: handled as this order, ignored, or put aside for this reason. */
  readonly becomes: { readonly handled: string } | 'ignored' | { readonly code: string; readonly stage: string; readonly reason: string };
}

const deep = `orderId${'[0]'.repeat(64)} must not be nested deeper than 64 levels or contain itself; orderId must be a string (is array)`;

const CASES: readonly Case[] = [
  {
    what: 'garbage without a name',
    record: { value: garbage },
    becomes: {
      code: 'UNNAMEABLE',
      stage: 'name',
      reason: 'record PLACE has no ce_type header and no field event_type or type in a JSON body: its name cannot be determined',
    },
  },
  {
    what: 'garbage that is named as an event',
    record: { value: garbage, headers: named('order_placed', 'garbage') },
    becomes: { code: 'UNDECODABLE', stage: 'decode', reason: 'the value is not UTF-8' },
  },
  {
    what: '20 MB of garbage',
    record: { value: Buffer.alloc(20 * MB, 0xff), headers: named('order_placed', 'large') },
    becomes: { code: 'UNDECODABLE', stage: 'decode', reason: 'the value is not UTF-8' },
  },
  {
    what: 'an event of 2 MB, which is more than a fetch asks for',
    record: { value: JSON.stringify({ orderId: 'large', note: 'x'.repeat(2 * MB) }), headers: named('order_placed', 'large event') },
    becomes: { handled: 'large' },
  },
  {
    what: 'JSON that is nested 100,000 deep where an event has a text',
    record: { value: `{"orderId":${nested(100_000)}}`, headers: named('order_placed', 'deep') },
    becomes: { code: 'EVENT_INVALID', stage: 'validate', reason: `order_placed version 1: ${deep}` },
  },
  {
    what: 'JSON that is nested 100,000 deep and names itself',
    record: { value: `{"event_type":"order_placed","data":{"orderId":${nested(100_000)}}}` },
    becomes: { code: 'EVENT_INVALID', stage: 'validate', reason: `order_placed version 1: ${deep}` },
  },
  {
    what: 'nothing but JSON that is nested 100,000 deep',
    record: { value: nested(100_000), headers: named('order_placed', 'only deep') },
    becomes: { code: 'UNDECODABLE', stage: 'decode', reason: 'the value is JSON but no object' },
  },
  {
    what: 'JSON that is nested 100,000 deep where nobody looks',
    record: { value: `{"orderId":"deep elsewhere","other":${nested(100_000)}}`, headers: named('order_placed', 'deep elsewhere') },
    becomes: { handled: 'deep elsewhere' },
  },
  {
    what: 'a field that is called __proto__',
    record: { value: '{"__proto__":{"orderId":"polluted"},"orderId":"x"}', headers: named('order_placed', 'proto field') },
    becomes: { code: 'EVENT_INVALID', stage: 'validate', reason: 'order_placed version 1: data must not have a property named __proto__' },
  },
  {
    what: 'a field that is called constructor',
    record: {
      value: '{"constructor":{"prototype":{"polluted":1}},"orderId":"constructor field"}',
      headers: named('order_placed', 'constructor field'),
    },
    becomes: { handled: 'constructor field' },
  },
  { what: 'an event that is called __proto__', record: { value: '{}', headers: named('__proto__', 'p') }, becomes: 'ignored' },
  { what: 'an event that is called constructor', record: { value: '{}', headers: named('constructor', 'c') }, becomes: 'ignored' },
  { what: 'an event that calls itself __proto__', record: { value: '{"event_type":"__proto__"}' }, becomes: 'ignored' },
  {
    what: 'a key that is __proto__',
    record: { key: '__proto__', value: '{"orderId":"__proto__"}', headers: named('order_placed', '__proto__') },
    becomes: { handled: '__proto__' },
  },
  {
    what: 'a key that is constructor',
    record: { key: 'constructor', value: '{"orderId":"constructor"}', headers: named('order_placed', 'constructor') },
    becomes: { handled: 'constructor' },
  },
  {
    what: 'headers that are called __proto__ and constructor',
    record: {
      value: '{"orderId":7}',
      headers: JSON.parse(
        `{"__proto__":"x","constructor":"y",${JSON.stringify(named('order_placed', 'proto headers')).slice(1)}`,
      ) as Record<string, string>,
    },
    becomes: { code: 'EVENT_INVALID', stage: 'validate', reason: 'order_placed version 1: orderId must be a string (is number)' },
  },
  {
    what: '10,000 headers',
    record: { value: '{"orderId":"10,000 headers"}', headers: { ...headers(10_000), ...named('order_placed', 'many headers') } },
    becomes: { handled: '10,000 headers' },
  },
  {
    what: '10,000 headers and no sense',
    record: { value: garbage, headers: { ...headers(10_000), ...named('order_placed', 'many senseless headers') } },
    becomes: { code: 'UNDECODABLE', stage: 'decode', reason: 'the value is not UTF-8' },
  },
  { what: 'an unknown event', record: { value: '{}', headers: named('order_forgotten', 'unknown') }, becomes: 'ignored' },
  {
    what: 'an invalid event',
    record: { value: '{"orderId":7}', headers: named('order_placed', 'invalid') },
    becomes: { code: 'EVENT_INVALID', stage: 'validate', reason: 'order_placed version 1: orderId must be a string (is number)' },
  },
  {
    what: 'an event of another topic',
    record: { value: '{"orderId":"returned"}', headers: named('order_returned', 'astray') },
    becomes: {
      code: 'EVENT_UNKNOWN',
      stage: 'decode',
      reason:
        'order_returned belongs on topic PREFIX.returns, not on PREFIX.orders: whoever writes it has the wrong topic, or its class has',
    },
  },
  {
    what: 'a version that nobody reads',
    record: { value: '{"orderId":"x"}', headers: { ...named('order_placed', 'future'), ce_eventversion: '2' } },
    becomes: {
      code: 'VERSION_UNSUPPORTED',
      stage: 'decode',
      reason:
        "order_placed version 2: what is read here is version 1; register a class for it, or give an older one's successor an `upcast`",
    },
  },
];

@DomainEvent({ name: 'order_returned', topic: 'returns', key: 'orderId' })
class OrderReturned {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderReturned>) {
    Object.assign(this, init);
  }
}

@ProcessorOptions({ name: 'desk' })
@injectable()
class Desk extends Processor {
  readonly handled: string[] = [];
  @Handles(OrderPlaced) placed({ orderId }: OrderPlaced): void {
    this.handled.push(orderId);
  }
  @Handles(OrderReturned) returned({ orderId }: OrderReturned): void {
    this.handled.push(`returned ${orderId}`);
  }
}

describe('a record of', () => {
  let broker: EmbeddedKafka;
  let service: KafkaService;
  let desk: Desk;
  let prefix: string;
  let notices: readonly Notice[];
  let letters: readonly Message[];
  /** In order of the partition; before and behind each bad one there is a good one. */
  const offsetOf = (index: number): number => 2 * index + 1;

  beforeAll(async () => {
    broker = await startEmbeddedKafka({ configs: { 'message.max.bytes': String(32 * MB) } });
    const made = await application(
      { bootstrapServers: broker.bootstrap, topics: { orders: { partitions: 1 }, returns: { partitions: 1 } } },
      { events: [OrderPlaced, OrderReturned], processors: [Desk], listeners: [] },
    );
    ({ service, notices } = made);
    prefix = made.config.topicPrefix!;
    const client = kafkajsClient(broker.bootstrap);
    const admin = client.admin();
    await admin.connect();
    const topic = `${prefix}.orders`;
    const configEntries = [{ name: 'max.message.bytes', value: String(32 * MB) }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] });
    await admin.disconnect();
    await service.start();
    desk = made.container.get(Desk);

    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    for (const [index, { record }] of CASES.entries())
      for (const one of [good(`before ${index}`), record]) await producer.send({ topic, messages: [{ partition: 0, ...one }] });
    await producer.send({ topic, messages: [{ partition: 0, ...good('last') }] });
    await producer.disconnect();
    await until(() => service.caughtUp());
    letters = await everythingOn(service.client, 'orders.dead-letter');
  });
  afterAll(async () => {
    await stopApplications();
    await broker.stop();
  });

  it.each(CASES.map((one, index) => ({ ...one, index })))('$what', ({ record, becomes, index }) => {
    const offset = offsetOf(index);
    const letter = letters.find(({ headers }) => headers['x-dlq-offset'] === String(offset));
    if (becomes === 'ignored') return expect(letter).toBeUndefined();
    if ('handled' in becomes) return expect(desk.handled[index + 1 + handledBefore(index)]).toBe(becomes.handled);
    const { code, stage, reason } = becomes;
    const said = reason.replaceAll('PREFIX', prefix).replace('PLACE', `${prefix}.orders/0@${offset}`);
    expect(letter?.headers).toMatchObject({
      ...record.headers,
      'x-dlq-code': code,
      'x-dlq-stage': stage,
      'x-dlq-reason': `BusbarError: [${code}] ${said}`.slice(0, 1_000),
    });
    expect(Buffer.compare(letter!.value!, Buffer.from(record.value!))).toBe(0);
    const raised = notices.filter(({ code: notice, details }) => notice === 'DEAD_LETTERED' && details?.['offset'] === offset);
    expect(raised.map(({ message }) => message)).toEqual([`a record goes to ${prefix}.orders.dead-letter (${code})`]);
    return undefined;
  });

  it('none of them keeps the others back, and each has its one outcome', () => {
    const count = (what: (one: Case['becomes']) => boolean): number => CASES.filter(({ becomes }) => what(becomes)).length;
    const handled = count((one) => typeof one === 'object' && 'handled' in one);
    const ignored = count((one) => one === 'ignored');
    const outcomes = service.processors.runner('desk').status().outcomes;
    expect(outcomes).toEqual({
      delivered: 2 * CASES.length + 1,
      handled: CASES.length + 1 + handled,
      duplicate: 0,
      ignored,
      skipped: 0,
      deadLettered: CASES.length - handled - ignored,
      parked: 0,
      inFlight: 0,
      abandoned: 0,
    });
    expect(desk.handled.filter((one) => one.startsWith('before ') || one === 'last')).toEqual([
      ...CASES.map((_, index) => `before ${index}`),
      'last',
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { orderId?: unknown }).orderId).toBeUndefined();
  });

  function handledBefore(index: number): number {
    return CASES.slice(0, index).filter(({ becomes }) => typeof becomes === 'object' && 'handled' in becomes).length;
  }
});
