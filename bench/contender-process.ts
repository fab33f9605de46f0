// One contender in a process of its own: plays a round whenever it is told to, until its parent lets go of it.
import 'reflect-metadata';

import type { Measurement, Setting } from './contender.js';
import { CpuProfile } from './cpu-profile.js';
import { SCENARIOS } from './scenarios.js';

export interface Play extends Setting {
  readonly scenario: string;
  readonly contender: string;
  /** Where the CPU profile of the rounds goes, if one is wanted. */
  readonly profile: string | undefined;
}

/** `warmUp` rounds are in no profile. */
export type Command = { readonly round: 'warmUp' | 'measured' } | 'close';
export type Answer = { readonly ready: true } | { readonly measurement: Measurement } | { readonly closed: true };

const play = JSON.parse(process.argv[2]!) as Play;
const { busbar, against } = SCENARIOS[play.scenario]!;
const contender = await { ...busbar, ...against }[play.contender]!(play);
const profile = play.profile === undefined ? undefined : new CpuProfile(play.profile);
const answer = (message: Answer): void => void process.send!(message);

async function obey(command: Command): Promise<void> {
  if (command === 'close') {
    await contender.close();
    await profile?.write();
    return answer({ closed: true });
  }
  if (command.round === 'measured') await profile?.start();
  answer({ measurement: await contender.round() });
}

process.once('disconnect', () => process.exit());
process.on('message', (command: Command) => void obey(command));
answer({ ready: true });
