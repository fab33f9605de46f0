import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type EventContext, Handles, Processor, ProcessorOptions } from 'busbar';
import { sqliteStore, type SqlTransaction, type Store } from 'busbar/store';
import { injectable } from 'inversify';
import Database from 'libsql';

import { startClocks, type Contender, type Measurement, type NewContender, type Setting } from './contender.js';
import { DecisionMade } from './decision-made.js';
import { newService } from './service.js';

/** A processor with one synchronous handler, concurrency 1, that reads the topic from its beginning. */
export const inBusbar: NewContender = (setting) => reading(setting, false);

/** With the SQLite store: the inbox row is written for every event. */
export const inBusbarStore: NewContender = (setting) => reading(setting, true);

/** The same with one small statement of the handler in the transaction of its row. */
export const inBusbarTransaction: NewContender = (setting) =>
  reading(setting, true, (tx) => tx.run('update tally set events = events + 1'));

type Work = (tx: SqlTransaction) => void;

async function reading(setting: Setting, withStore: boolean, work?: Work): Promise<Contender> {
  return {
    async round() {
      const directory = mkdtempSync(join(tmpdir(), 'busbar-bench-'));
      const file = join(directory, 'busbar.db');
      try {
        return await readAll(setting, withStore ? sqliteStore({ open: () => new Database(file) }) : undefined, work);
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
    close: () => Promise.resolve(),
  };
}

/** From the first event that is handled until the last one is settled. */
async function readAll({ bootstrap, prefix, events }: Setting, store: Store | undefined, work?: Work): Promise<Measurement> {
  let stop: ReturnType<typeof startClocks> | undefined;
  let handled = 0;
  let allHandled = (): void => undefined;
  const end = new Promise<void>((resolve) => (allHandled = resolve));

  @ProcessorOptions({ name: 'reader', from: 'earliest' })
  @injectable()
  class Reader extends Processor {
    @Handles(DecisionMade) made(_event: DecisionMade, ctx: EventContext): void {
      stop ??= startClocks();
      if (work !== undefined) ctx.transaction(work);
      if (++handled === events) allHandled();
    }
  }

  const groupId = `${prefix}.${randomUUID()}`;
  const { service } = newService({ bootstrapServers: bootstrap, topicPrefix: prefix, groupId }, { processors: [Reader], store });
  await store?.open();
  await store?.transaction((tx) => {
    tx.run('create table tally (events integer)');
    tx.run('insert into tally values (0)');
  });
  await service.start();
  await end;
  while (service.processors.status().get('reader')!.outcomes.handled < events) await new Promise((resolve) => setImmediate(resolve));
  const measurement = stop!(events);
  await service.stop();
  return measurement;
}
