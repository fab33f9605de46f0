import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { Handles, Processor, ProcessorOptions } from 'busbar';
import { injectable } from 'inversify';

import { startClocks, type Contender, type Setting } from './contender.js';
import { DecisionMade } from './decision-made.js';
import type { Filling } from './memory-filler.js';
import { newService } from './service.js';

/** Three partitions, one record of each at a time: 20 events per second. */
const HANDLER_MS = 150;
/** A hundred times as many. */
const FILLED_PER_SECOND = 2_000;
const MIB = 1_048_576;

/** A processor that is a hundred times slower than what is written to its topic. */
export async function memoryBusbar({ bootstrap, prefix, seconds }: Setting): Promise<Contender> {
  let handled = 0;

  @ProcessorOptions({ name: 'slow', from: 'earliest' })
  @injectable()
  class Slow extends Processor {
    @Handles(DecisionMade) async made(): Promise<void> {
      await sleep(HANDLER_MS);
      handled++;
    }
  }

  const { service } = newService({ bootstrapServers: bootstrap, topicPrefix: prefix }, { processors: [Slow] });
  await service.start();
  return {
    async round() {
      const filling: Filling = { bootstrap, topic: `${prefix}.decision-events`, perSecond: FILLED_PER_SECOND };
      // A thread has a heap of its own: what is written is not in the figures.
      const filler = new Worker(new URL('memory-filler.js', import.meta.url), { workerData: filling });
      const failed = once(filler, 'error').then(([error]) => Promise.reject(error as Error));
      const [before, stop] = [handled, startClocks()];
      const early = await Promise.race([failed, sleep((seconds / 3) * 1_000).then(heapMib)]);
      const late = await Promise.race([failed, sleep((seconds / 3) * 2_000).then(heapMib)]);
      await filler.terminate();
      return { ...stop(handled - before), figures: { early, late, growth: late / early } };
    },
    close: () => service.stop(),
  };
}

/** What is in use after a collection, with the bytes of buffers. */
function heapMib(): number {
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}
