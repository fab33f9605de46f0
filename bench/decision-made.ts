import { IsIn, IsInt, IsString } from 'class-validator';

import { DomainEvent, type EventInit } from 'busbar';

const OUTCOMES = ['accepted', 'rejected', 'withdrawn', 'deferred'] as const;
/** So many keys: enough to fill every partition evenly. */
const KEYS = 1_000;
/** Makes the JSON of an event 1,024 bytes long, give or take the digits of its numbers. */
const RATIONALE = 'because it was so decided, '.repeat(34);

/** The event of all benchmarks: six fields, 1 KB as JSON. */
@DomainEvent({ name: 'decision_made', topic: 'decision-events', key: 'debateId' })
export class DecisionMade {
  @IsString() readonly debateId!: string;
  @IsString() readonly decidedBy!: string;
  @IsIn(OUTCOMES) readonly outcome!: (typeof OUTCOMES)[number];
  @IsInt() readonly rounds!: number;
  @IsInt() readonly votes!: number;
  @IsString() readonly rationale!: string;

  constructor(init: EventInit<DecisionMade>) {
    Object.assign(this, init);
  }
}

/** What the `n`th event says. */
export function decision(n: number): EventInit<DecisionMade> {
  return {
    debateId: `debate-${n % KEYS}`,
    decidedBy: `member-${n % 17}`,
    outcome: OUTCOMES[n % OUTCOMES.length]!,
    rounds: n % 9,
    votes: n,
    rationale: RATIONALE,
  };
}
