import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { EventBus, EventRegistry, KafkaService, TOKENS, type Notice, type Notices } from 'busbar';
import { sqliteStore, type Store } from 'busbar/store';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { assemble, configure, EVENTS } from '../../processors/reference/application.js';
import { Feeder } from '../../processors/reference/feeder.js';
import { readFigures, type Figures } from '../../processors/reference/figures.js';
import { scenario } from '../../processors/reference/scenario.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';

/** A store with everything but the inbox: it finds no row, and no row is ever in the way. */
function withoutInbox(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'find') return () => undefined;
      if (name === 'settle') {
        return ({ row, work }: Parameters<Store['settle']>[0]) =>
          target.settle({ row: { ...row, id: `${row.id} ${randomUUID()}` }, work: (tx) => work(tx) });
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

describe('the figures of the reference application', () => {
  let dir: string;
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'busbar-inbox-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Feeds 100 events, each `times` times, and reads the figures. */
  async function figuresOf(times: number, take: (store: Store) => Store): Promise<Figures> {
    const { bootstrap } = await sharedKafka();
    const prefix = uniquePrefix();
    const store = take(sqliteStore({ open: () => new Libsql(join(dir, `${prefix}.db`)) }));
    const env = { KAFKA_BOOTSTRAP_SERVERS: bootstrap, KAFKA_TOPIC_PREFIX: prefix, KAFKA_GROUP_ID: prefix, KAFKA_FETCH_MAX_WAIT_MS: '100' };
    const container = assemble(configure(env, dir), store);
    const service = container.get(KafkaService);
    const errors: Notice[] = [];
    container.get<Notices>(TOKENS.Notices).onNotice((notice) => notice.level === 'error' && errors.push(notice));
    await service.start();
    try {
      const feeder = new Feeder(container.get(EventBus), new EventRegistry(EVENTS), (line, reason) =>
        expect.unreachable(`line ${line}: ${reason}`),
      );
      const lines = [...scenario(100)].flatMap((line) => Array.from({ length: times }, () => line));
      await feeder.feed(lines, new AbortController().signal);
      expect(feeder.counts).toEqual({ lines: times * 100, published: times * 100, rejected: 0 });
      while (!(await service.caughtUp())) await pause(20);
      expect(errors).toEqual([]);
      return await readFigures(store);
    } finally {
      await service.stop();
    }
  }

  it('are right when every event comes twice, and would be wrong without the inbox', async () => {
    const once = await figuresOf(1, (store) => store);
    expect(await figuresOf(2, (store) => store)).toEqual(once);

    const without = await figuresOf(2, withoutInbox);
    expect(without.debates.initiated).toBe(2 * once.debates.initiated);
    expect(without.debates.rounds).toBe(2 * once.debates.rounds);
    expect(without.decisions.made).toBe(2 * once.decisions.made);
    expect(without.evolutions.completed).toBe(2 * once.evolutions.completed);
    expect(without.eventsByName).not.toEqual(once.eventsByName);
  });
});
