import { nothingLeft } from '../inbound/lag.js';
import type { LagQuestions } from './lag-watch.js';
import type { Running } from './running.js';

type Readers = Pick<Running, 'processors' | 'bridge' | 'consumers'>;

/** How to ask the broker about the group of every processor, of the bridge as `bridge`, and of every consumer of messages. */
export function lagQuestions({ processors, bridge, consumers }: Readers): LagQuestions {
  const names = [...processors.status().keys()];
  return new Map([
    ...names.map((name) => [name, () => processors.runner(name).lag()] as const),
    ...(bridge.status() === undefined ? [] : [['bridge', async () => (await bridge.lag()) ?? []] as const]),
    ...consumers.all().map((consumer) => [consumer.group, () => consumer.groupLag()] as const),
  ]);
}

/** Whether processors, bridge and consumers have nothing left to do. Rejects with the error of one that has failed. */
export async function caughtUp(readers: Readers): Promise<boolean> {
  readers.processors.refuseFailed();
  const bridge = readers.bridge.status();
  if (bridge?.state === 'failed') throw bridge.error;
  const failed = readers.consumers.all().find(({ state }) => state === 'failed');
  if (failed?.error !== undefined) throw failed.error;
  return nothingLeft(async () => {
    const lags = [];
    for (const question of lagQuestions(readers).values()) lags.push(...(await question()));
    return lags;
  });
}
