import { IsNotEmpty, IsString } from 'class-validator';

import { DomainEvent, type EventInit } from 'busbar';

/** An accepted decision wants to become real. */
@DomainEvent({ name: 'evolution_triggered', topic: 'evolution-events', key: 'debateId' })
export class EvolutionTriggered {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsString() @IsNotEmpty() readonly decisionId!: string;

  constructor(init: EventInit<EvolutionTriggered>) {
    Object.assign(this, init);
  }
}

/** What was decided is part of a release. */
@DomainEvent({ name: 'evolution_completed', topic: 'evolution-events', key: 'debateId' })
export class EvolutionCompleted {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  /** As it is written on the release, e.g. `3.0` or `3.10`: a text, not a number. */
  @IsString() @IsNotEmpty() readonly release!: string;

  constructor(init: EventInit<EvolutionCompleted>) {
    Object.assign(this, init);
  }
}

/** What was decided has given way to another debate's result. */
@DomainEvent({ name: 'evolution_superseded', topic: 'evolution-events', key: 'debateId' })
export class EvolutionSuperseded {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  /** Id of the debate whose result stands now. */
  @IsString() @IsNotEmpty() readonly supersededBy!: string;

  constructor(init: EventInit<EvolutionSuperseded>) {
    Object.assign(this, init);
  }
}

/** Somebody knows how to do better. */
@DomainEvent({ name: 'improvement_suggested', topic: 'evolution-events', key: 'debateId' })
export class ImprovementSuggested {
  @IsString() @IsNotEmpty() readonly debateId!: string;
  @IsString() @IsNotEmpty() readonly improvement!: string;

  constructor(init: EventInit<ImprovementSuggested>) {
    Object.assign(this, init);
  }
}
