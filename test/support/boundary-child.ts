// A processor with a store, in a process of its own, that kills itself at a boundary of settling, or ends when everything is
// settled. Its argument is a BoundaryRun as JSON.
import 'reflect-metadata';

import Database from 'libsql';

import type { EventContext } from '../../src/bus/event-context.js';
import type { KafkaDriver } from '../../src/kafka/driver.js';
import type { InRecord } from '../../src/kafka/record.js';
import { deadLetter } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { Processor } from '../../src/processor/processor.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { sqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import type { Settlement, Settling, Store } from '../../src/store/store.js';
import { TestApplication } from './application.js';
import { type Boundary, type BoundaryRun, KINDS } from './boundary.js';
import { OrderBilled, OrderPlaced } from './events.js';

const run = JSON.parse(process.argv[2] ?? '') as BoundaryRun;

/** Ends this process as a power cut would, if this is the place and the record. */
function reach(boundary: Boundary, orderId: string | undefined): void {
  if (run.kill?.boundary === boundary && run.kill.orderId === orderId) process.kill(process.pid, 'SIGKILL');
}

const orderOf = (id: string): string => id.replace('event-', '');
const orderOfRecord = ({ value }: Pick<InRecord, 'value'>): string | undefined => /"orderId":"([^"]*)"/.exec(String(value))?.[1];

@ProcessorOptions({ name: 'billing', publishes: [OrderBilled], onError: [deadLetter()] })
class Billing extends Processor {
  @Handles(OrderPlaced) async placed(event: OrderPlaced, ctx: EventContext): Promise<void> {
    const kind = event.amount % 4;
    if (kind !== KINDS.publishes) ctx.transaction((tx) => void tx.run('update totals set count = count + 1 where id = ?', event.orderId));
    if (kind !== KINDS.transacts) ctx.publish(new OrderBilled({ orderId: event.orderId, amount: event.amount }));
    await Promise.resolve();
    reach('handling', event.orderId);
    if (kind === KINDS.fails) throw new Error('this one fails');
  }
}

/** The real store, with a look at what passes through it. */
function watched(store: Store): Store {
  const owners = new Map<number, string>();
  return new Proxy(store, {
    get(target, name) {
      if (name === 'find') {
        return (...[group, source, id]: Parameters<Store['find']>) => {
          reach('delivered', orderOf(id));
          return target.find(group, source, id);
        };
      }
      if (name === 'settle') {
        return ({ row, work }: Settlement): Settling => {
          const order = orderOf(row.id);
          reach('handled', order);
          const settling = target.settle({
            row,
            work: (tx) => {
              const staged = work(tx);
              reach('writing', order);
              return staged;
            },
          });
          const written = settling.written.then((answer) => {
            if (answer.result === 'written') for (const { sequence } of answer.staged) owners.set(sequence, order);
            reach('written', order);
            return answer;
          });
          const committed = settling.committed.then(() => reach('committed', order));
          return { written, committed };
        };
      }
      if (name === 'sent') {
        return async (sequences: readonly number[]) => {
          for (const sequence of sequences) reach('sent', owners.get(sequence));
          await target.sent(sequences);
          for (const sequence of sequences) reach('deleted', owners.get(sequence));
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

/** The real driver, with a look at acknowledgements and at offsets that move. */
function watchedDriver(driver: KafkaDriver): KafkaDriver {
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'produce') {
        return async (...args: Parameters<KafkaDriver['produce']>) => {
          const offset = await target.produce(...args);
          for (const record of args[2]) reach('acknowledged', orderOfRecord(record));
          return offset;
        };
      }
      if (name === 'consume') {
        return (options: Parameters<KafkaDriver['consume']>[0]) => {
          return target.consume({
            ...options,
            onBatch: (batch) => {
              const { claim, records } = batch;
              const settled = claim.settled.bind(claim);
              claim.settled = (next) => {
                settled(next);
                for (const record of records) if (record.offset < next) reach('settled', orderOfRecord(record));
              };
              return options.onBatch(batch);
            },
          });
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

const application = await TestApplication.start({
  events: [OrderPlaced, OrderBilled],
  processors: [new Billing()],
  store: watched(sqliteStore({ open: () => new Database(run.database) })),
  bootstrap: run.bootstrap,
  prefix: run.prefix,
  sessionTimeoutMs: 1_000,
  wrapDriver: watchedDriver,
});
await application.caughtUp('billing');
process.stdout.write(JSON.stringify(application.outcomes('billing')));
await application.stop();
