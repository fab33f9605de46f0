import { Allow } from 'class-validator';
import { describe, expect, it } from 'vitest';

import { Listens } from '../../src/bus/listens.js';
import type { Direction, EventClass } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor, type ProcessorClass } from '../../src/processor/processor.js';
import type { WiringFinding } from '../../src/service/wiring/finding.js';
import { check, type Wiring } from '../../src/service/wiring/wiring.js';

const topics = { orders: { partitions: 1, retentionMs: 1 }, stock: { partitions: 1, retentionMs: 1 } };

function event(className: string, name: string, direction: Direction = 'both', topic = 'orders'): EventClass {
  const { [className]: made } = {
    [className]: class {
      readonly orderId!: string;
    },
  };
  Allow()(made!.prototype, 'orderId');
  DomainEvent({ name, topic, direction })(made!);
  return made!;
}

function processor(className: string, handles: readonly EventClass[], publishes: readonly EventClass[] = []): ProcessorClass {
  const { [className]: made } = {
    [className]: class extends Processor {
      handle(): void {}
    },
  };
  const descriptor = { value: (): void => undefined };
  for (const one of handles) Handles(one)(made!.prototype, 'handle', descriptor);
  ProcessorOptions({ name: className.toLowerCase(), publishes })(made!);
  return made!;
}

function found(wiring: Partial<Wiring>): WiringFinding[] {
  return check({ events: [], processors: [], listeners: [], topics, isHeard: () => false, ...wiring });
}

const said = (wiring: Partial<Wiring>): string[] => found(wiring).map(({ level, where, what }) => `${level}: ${where} ${what}`);

describe('an orphan', () => {
  const Placed = event('Placed', 'placed');
  const Shipped = event('Shipped', 'shipped');
  const Counted = event('Counted', 'counted', 'in', 'stock');

  it('is what comes in from outside only and nobody here wants', () => {
    expect(found({ events: [Counted] })).toEqual([
      {
        level: 'warning',
        where: 'Counted',
        what: "comes from outside only (direction 'in'), and nobody here handles it or listens to it",
        fix: 'handle it with @Handles(Counted) or hear it with @Listens(Counted); or remove it from `events`',
      },
    ]);
  });

  it('is what arrives on a topic that a processor reads anyway, and is ignored there', () => {
    expect(found({ events: [Placed, Shipped], processors: [processor('Orders', [Placed])] })).toEqual([
      {
        level: 'warning',
        where: 'Shipped',
        what: "comes in on topic 'orders', which processors here read, and nobody here handles it or listens to it",
        fix: "handle it with @Handles(Shipped) or hear it with @Listens(Shipped); if this service only publishes it, give it direction: 'out'",
      },
    ]);
  });

  it('is none that somebody handles, hears in a class or a function, publishes, or that only goes out', () => {
    class Audit {
      @Listens(Shipped) shipped(_event: object): void {}
    }
    const Out = event('Out', 'out', 'out');
    const processors = [processor('Orders', [Placed])];
    expect(said({ events: [Placed, Shipped], processors, listeners: [Audit] })).toEqual([]);
    expect(said({ events: [Placed, Shipped], processors, isHeard: (eventClass) => eventClass === Shipped })).toEqual([]);
    expect(said({ events: [Placed, Shipped], processors: [processor('Orders', [Placed], [Shipped])] })).toEqual([]);
    expect(said({ events: [Placed, Out], processors })).toEqual([]);
  });

  it('is none on a topic that nobody here reads: a service that only publishes is not told to read', () => {
    expect(said({ events: [Placed, Shipped] })).toEqual([]);
    expect(said({ events: [Placed, event('Stocked', 'stocked', 'both', 'stock')], processors: [processor('Orders', [Placed])] })).toEqual(
      [],
    );
  });
});

describe('a circle', () => {
  const A = event('A', 'a');
  const B = event('B', 'b');
  const C = event('C', 'c');
  const events = [A, B, C];
  const isHeard = (): boolean => true;

  it('is named, with who publishes what, once, wherever the list begins', () => {
    const processors = [processor('P', [A], [B]), processor('Q', [B], [C]), processor('R', [C], [A])];
    expect(found({ events, processors, isHeard })).toEqual([
      {
        level: 'warning',
        where: 'P',
        what: 'goes in a circle: it publishes B, Q handles that and publishes C, R handles that and publishes A, which P handles',
        fix: 'see to it that one of the handlers ends the circle; if one of them never publishes its event, take it out of `publishes`',
      },
    ]);
    expect(said({ events, processors: processors.toReversed(), isHeard })).toEqual([
      'warning: R goes in a circle: it publishes A, P handles that and publishes B, Q handles that and publishes C, which R handles',
    ]);
  });

  it('may be one processor alone', () => {
    expect(said({ events, processors: [processor('P', [A], [A])], isHeard })).toEqual([
      'warning: P goes in a circle: it publishes A, which P handles',
    ]);
  });

  it('is each of two that do not touch', () => {
    const processors = [processor('P', [A], [A]), processor('Q', [B], [C]), processor('R', [C], [B])];
    expect(said({ events, processors, isHeard })).toEqual([
      'warning: P goes in a circle: it publishes A, which P handles',
      'warning: Q goes in a circle: it publishes C, R handles that and publishes B, which Q handles',
    ]);
  });

  it('is none where a chain ends, or meets one that leads not back', () => {
    expect(said({ events, processors: [processor('P', [A], [B]), processor('Q', [B], [C]), processor('R', [C])], isHeard })).toEqual([]);
    const intoOne = [processor('P', [A], [B]), processor('Q', [B], [C]), processor('R', [C], [B])];
    expect(said({ events, processors: intoOne, isHeard })).toEqual([
      'warning: Q goes in a circle: it publishes C, R handles that and publishes B, which Q handles',
    ]);
  });
});
