import { nothingLeft, type PartitionLag } from '../inbound/lag.js';
import type { Running } from './running.js';

/** How far the committed offsets of every processor, and of the bridge as `bridge`, are behind; asks the broker. */
export async function lagOfAll({
  processors,
  bridge,
}: Pick<Running, 'processors' | 'bridge'>): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
  const ofProcessors = await processors.lag();
  const ofBridge = await bridge.lag();
  return new Map([...ofProcessors, ...(ofBridge === undefined ? [] : [['bridge', ofBridge] as const])]);
}

/** Whether processors and bridge have nothing left to do. Rejects with the error of one that has failed. */
export async function caughtUp(running: Running): Promise<boolean> {
  running.processors.refuseFailed();
  const bridge = running.bridge.status();
  if (bridge?.state === 'failed') throw bridge.error;
  return nothingLeft(async () => [...(await lagOfAll(running)).values()].flat());
}
