import { IsNotEmpty, IsNumber, IsOptional, IsString } from 'class-validator';

import { DomainEvent, type EventInit } from 'busbar';

/** A figure became known. Figures of one debate stay in order, others in the order of their name. */
@DomainEvent<MetricRecorded>({ name: 'metric_recorded', topic: 'metrics-events', key: ({ debateId, name }) => debateId ?? name })
export class MetricRecorded {
  /** What was measured, e.g. `days_to_decide`. */
  @IsString() @IsNotEmpty() readonly name!: string;
  @IsNumber() readonly value!: number;
  /** The debate it is about, if it is about one. */
  @IsOptional() @IsString() @IsNotEmpty() readonly debateId?: string | undefined;

  constructor(init: EventInit<MetricRecorded>) {
    Object.assign(this, init);
  }
}
