import { IsInt, IsString } from 'class-validator';
import { injectable } from 'inversify';

import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';

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

/** Remembers the numbers it has handled; which of a meter came, where they came first, behind a later one. */
@ProcessorOptions({ name: 'ledger', from: 'earliest' })
@injectable()
export class MeterLedger extends Processor {
  readonly outOfOrder: { readonly meter: string; readonly number: number; readonly behind: number }[] = [];
  readonly #handled = new Set<number>();
  readonly #last = new Map<string, number>();

  get count(): number {
    return this.#handled.size;
  }

  has(number: number): boolean {
    return this.#handled.has(number);
  }

  @Handles(MeterRead)
  read({ meter, number }: MeterRead): void {
    if (this.#handled.has(number)) return;
    this.#handled.add(number);
    const behind = this.#last.get(meter) ?? -1;
    if (number < behind) this.outOfOrder.push({ meter, number, behind });
    this.#last.set(meter, Math.max(number, behind));
  }

  @Handles(ClockTicked)
  ticked({ number }: ClockTicked): void {
    this.#handled.add(number);
  }
}
