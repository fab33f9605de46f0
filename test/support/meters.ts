import { IsInt, IsString } from 'class-validator';

import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';

/** Numbered by its call, so that the log can be compared with the calls. */
@DomainEvent({ name: 'meter_read', topic: 'meters', key: 'meter' })
export class MeterRead {
  @IsString() readonly meter!: string;
  @IsInt() readonly number!: number;
  constructor(init: EventInit<MeterRead>) {
    Object.assign(this, init);
  }
}

/** The same without a key. */
@DomainEvent({ name: 'clock_ticked', topic: 'ticks' })
export class ClockTicked {
  @IsInt() readonly number!: number;
  constructor(init: EventInit<ClockTicked>) {
    Object.assign(this, init);
  }
}
