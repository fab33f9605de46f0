import { IsInt, IsNotEmpty, IsString, Min } from 'class-validator';

import { DomainEvent, type EventInit } from 'busbar';

/** Somebody asked a question that wants a decision. */
@DomainEvent({ name: 'debate_initiated', topic: 'debate-events', key: 'debateId' })
export class DebateInitiated {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsString() @IsNotEmpty() readonly question!: string;
  /** What the debate is about, in one or two words. */
  @IsString() @IsNotEmpty() readonly kind!: string;

  constructor(init: EventInit<DebateInitiated>) {
    Object.assign(this, init);
  }
}

/** A round of arguments has begun; the first is 1. */
@DomainEvent({ name: 'debate_round_started', topic: 'debate-events', key: 'debateId' })
export class DebateRoundStarted {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsInt() @Min(1) readonly round!: number;

  constructor(init: EventInit<DebateRoundStarted>) {
    Object.assign(this, init);
  }
}

/** A round of arguments has ended. */
@DomainEvent({ name: 'debate_round_completed', topic: 'debate-events', key: 'debateId' })
export class DebateRoundCompleted {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsInt() @Min(1) readonly round!: number;

  constructor(init: EventInit<DebateRoundCompleted>) {
    Object.assign(this, init);
  }
}

/** Those who debate agree, after this round. */
@DomainEvent({ name: 'debate_consensus_reached', topic: 'debate-events', key: 'debateId' })
export class DebateConsensusReached {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsInt() @Min(1) readonly round!: number;

  constructor(init: EventInit<DebateConsensusReached>) {
    Object.assign(this, init);
  }
}

/** Nothing more is said: the debate waits for its decision. */
@DomainEvent({ name: 'debate_completed', topic: 'debate-events', key: 'debateId' })
export class DebateCompleted {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  /** How many rounds there were. */
  @IsInt() @Min(0) readonly rounds!: number;

  constructor(init: EventInit<DebateCompleted>) {
    Object.assign(this, init);
  }
}
