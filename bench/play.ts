import { join } from 'node:path';

import type { Setting } from './contender.js';
import { Player } from './player.js';
import { prefill } from './prefill.js';
import { type Result, Series } from './result.js';
import { SCENARIOS } from './scenarios.js';

/**
 * Plays one scenario: a warm-up that does not count, then the rounds (one is enough for some). In every round each contender has its turn, the
 * one that began last time at the end, so that whatever else the machine does meets them all alike.
 */
export async function play(scenario: string, rounds: number, setting: Setting, profiles: string | undefined): Promise<Result> {
  const { busbar, against, reads = false, once = false } = SCENARIOS[scenario]!;
  if (reads) await prefill(setting);
  const names = [...Object.keys(busbar), ...Object.keys(against)];
  const players = new Map<string, Player>();
  const series = new Map(names.map((name) => [name, new Series()]));
  for (const contender of names) {
    const profile = profiles === undefined ? undefined : join(profiles, `${scenario} ${contender.replace(/[^a-z0-9]+/gi, '-')}.cpuprofile`);
    const player = await Player.start({ ...setting, scenario, contender, profile });
    players.set(contender, player);
    if (!once) await player.round('warmUp');
  }
  for (let round = 0; round < (once ? 1 : rounds); round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      series.get(name)!.add(await players.get(name)!.round('measured'));
    }
  }
  for (const player of players.values()) await player.close();
  return { scenario, series };
}
