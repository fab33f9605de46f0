import { IsInt, IsString } from 'class-validator';
import fc from 'fast-check';

import type { Direction, EventClass, EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import type { Disturbances } from '../../src/kafka/simulated/conditions.js';

/** What one service does with the events of one name. */
export interface Role {
  readonly direction: Direction;
  readonly listens: boolean;
  /** Which event a listener publishes when it hears one. */
  readonly answers: number | undefined;
}

export interface ServicePlan {
  readonly instances: number;
  /** By event. */
  readonly roles: readonly Role[];
}

/** What happens, one after the other. Services and instances are taken modulo what there is. */
export type Step =
  | { readonly kind: 'publish'; readonly service: number; readonly instance: number; readonly event: number }
  | { readonly kind: 'restart' | 'crash'; readonly service: number; readonly instance: number }
  | { readonly kind: 'wait'; readonly ms: number };

export interface Topology {
  readonly services: readonly ServicePlan[];
  readonly steps: readonly Step[];
  readonly seed: number;
  readonly disturbances: Disturbances;
}

/** An event of every topology: who caused it does not matter, but for how many answers led to it. */
export interface Note {
  readonly text: string;
  readonly hops: number;
}

export const EVENTS = ['noted', 'replied', 'counted'] as const;
export const TOPICS = ['notes', 'notes', 'counts'] as const;
const DIRECTIONS: readonly Direction[] = ['out', 'in', 'both', 'local'];

function noteClass(name: string, topic: string, direction: Direction): EventClass<Note> {
  @DomainEvent({ name, topic, key: 'text', direction })
  class AnyNote implements Note {
    @IsString() readonly text!: string;
    @IsInt() readonly hops!: number;
    constructor(init: EventInit<AnyNote>) {
      Object.assign(this, init);
    }
  }
  return AnyNote;
}

const CLASSES = EVENTS.map((name, event) => new Map(DIRECTIONS.map((each) => [each, noteClass(name, TOPICS[event]!, each)])));

/** The class by which a service knows an event: each service decides on the direction for itself. */
export function classOf(event: number, direction: Direction): EventClass<Note> & (new (init: Note) => Note) {
  return CLASSES[event]!.get(direction) as EventClass<Note> & (new (init: Note) => Note);
}

const index = fc.nat({ max: 5 });
const event = fc.nat({ max: EVENTS.length - 1 });

const role: fc.Arbitrary<Role> = fc.record({
  direction: fc.constantFrom<Direction>('both', 'both', ...DIRECTIONS),
  listens: fc.constantFrom(true, true, false),
  answers: fc.option(event, { nil: undefined }),
});

const publish = fc.record({ kind: fc.constant('publish' as const), service: index, instance: index, event });
const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 60 }) });
const restart = fc.record({ kind: fc.constant('restart' as const), service: index, instance: index });
const crash = fc.record({ kind: fc.constant('crash' as const), service: index, instance: index });

/** Up to six services of one to three instances each. */
export function topologies({ crashes }: { readonly crashes: boolean }): fc.Arbitrary<Topology> {
  const calm: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
    { weight: 8, arbitrary: publish },
    { weight: 4, arbitrary: wait },
    { weight: 2, arbitrary: restart },
  ];
  return fc.record({
    services: fc.array(fc.record({ instances: fc.integer({ min: 1, max: 3 }), roles: fc.tuple(role, role, role) }), {
      minLength: 1,
      maxLength: 6,
      size: 'max',
    }),
    steps: fc.array(fc.oneof(...calm, ...(crashes ? [{ weight: 2, arbitrary: crash }] : [])), { minLength: 1, maxLength: 40, size: 'max' }),
    seed: fc.integer(),
    disturbances: fc.record({
      latencyMs: fc.nat({ max: 40 }),
      batchRecords: fc.integer({ min: 1, max: 6 }),
      readAgain: fc.constantFrom(0, 0.2),
      appendAgain: fc.constantFrom(0, 0.2),
    }),
  });
}
