import { IsBoolean, IsIn, IsNotEmpty, IsString } from 'class-validator';

import { DomainEvent, type EventInit } from 'busbar';

/** How a debate may be decided. */
export const DECISION_OUTCOMES = ['accepted', 'rejected', 'withdrawn', 'deferred'] as const;
export type DecisionOutcome = (typeof DECISION_OUTCOMES)[number];

/** A debate was decided. */
@DomainEvent({ name: 'decision_made', topic: 'decision-events', key: 'debateId' })
export class DecisionMade {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsString() @IsNotEmpty() readonly decisionId!: string;
  @IsIn([...DECISION_OUTCOMES]) readonly outcome!: DecisionOutcome;
  /** False: the day of the decision is not on record, and the time of the event says nothing about it. */
  @IsBoolean() readonly dateKnown!: boolean;

  constructor(init: EventInit<DecisionMade>) {
    Object.assign(this, init);
  }
}

/** Somebody who may do so has signed a decision. */
@DomainEvent({ name: 'decision_approved', topic: 'decision-events', key: 'debateId' })
export class DecisionApproved {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsString() @IsNotEmpty() readonly decisionId!: string;
  @IsString() @IsNotEmpty() readonly approvedBy!: string;

  constructor(init: EventInit<DecisionApproved>) {
    Object.assign(this, init);
  }
}

/** Somebody who may do so has refused to sign a decision. */
@DomainEvent({ name: 'decision_rejected', topic: 'decision-events', key: 'debateId' })
export class DecisionRejected {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsString() @IsNotEmpty() readonly decisionId!: string;
  @IsString() @IsNotEmpty() readonly reason!: string;

  constructor(init: EventInit<DecisionRejected>) {
    Object.assign(this, init);
  }
}
