import { IsDate, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';

import { Listens } from '../../src/bus/listens.js';
import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import type { EventClass, EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor, type ProcessorClass } from '../../src/processor/processor.js';
import { onErrorOf, skip } from '../../src/policy/policy.js';
import { refuse, WiringError, type WiringFinding } from '../../src/service/wiring/finding.js';
import { check, type ListenerClass } from '../../src/service/wiring/wiring.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlacedAgain {
  @IsString() readonly orderId!: string;
}

@DomainEvent({ name: 'order_noted', topic: 'orders' })
class OrderNoted {
  @IsString() readonly text!: string;
}

@DomainEvent({ name: 'stock_counted', topic: 'orders', direction: 'in' })
class StockCounted {
  @IsString() readonly text!: string;
}

@DomainEvent({ name: 'cache_cleared', topic: 'nowhere', direction: 'local' })
class CacheCleared {
  @IsString() readonly cache!: string;
}

@DomainEvent({ name: 'dated', topic: 'orders', key: 'orderId' })
class Dated {
  @IsString() readonly orderId!: string;
  @IsDate() readonly at!: Date;
}

class Undecorated {
  readonly text!: string;
}

@ProcessorOptions({ name: 'orders' })
class Orders extends Processor {
  @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
}

interface Parts {
  readonly events?: EventClass[];
  readonly processors?: ProcessorClass[];
  readonly listeners?: ListenerClass[];
  readonly topics?: KafkaSettings['topics'];
  readonly isHeard?: (eventClass: EventClass) => boolean;
}

function findings({
  events = [OrderPlaced],
  processors = [Orders],
  listeners = [],
  topics = { orders: {} },
  ...more
}: Parts): WiringFinding[] {
  const config = KafkaConfig.from({ serviceName: 'shop', bootstrapServers: 'one:9092', topics });
  return check({ events, processors, listeners, topics: config.topics, isHeard: () => false, ...more });
}

/** Each as one line: `where what -> fix`, warnings with their level in front. */
const told = (parts: Parts): string[] =>
  findings(parts).map(({ level, where, what, fix }) => `${level === 'warning' ? 'warning: ' : ''}${where} ${what} -> ${fix}`);

describe('the wiring of an application', () => {
  it('has nothing to be found when it is right', () => {
    expect(told({})).toEqual([]);
  });

  it('wants events to be decorated, and to be such that they can be carried', () => {
    expect(told({ events: [OrderPlaced, Undecorated, Dated] })).toEqual([
      "Undecorated is in `events` and is no event -> decorate the class Undecorated itself with @DomainEvent({ name: '…', topic: '…' })",
      'Dated cannot be carried: at is a Date, which JSON cannot carry -> declare a string with @IsISO8601() or a number of milliseconds',
    ]);
  });

  it('wants classes where classes belong, and says where there is none', () => {
    const events = [OrderPlaced, undefined as never, new OrderPlaced({ orderId: 'o-1' }) as never];
    expect(told({ events, listeners: [null as never] })).toEqual([
      'events[1] is undefined -> look at its import: the name may be wrong, or two files import each other',
      'events[2] is no class but an object -> name the class itself, not an instance',
      'listeners[0] is null -> name the class itself, not an instance',
    ]);
    const missing = undefined as unknown as typeof OrderPlaced;
    @ProcessorOptions({ name: 'more', publishes: [missing] })
    class More extends Processor {
      @Handles(missing) one(_event: OrderPlaced): void {}
      @Handles(missing) two(_event: OrderPlaced): void {}
    }
    class Audit {
      @Listens(missing) placed(_event: OrderPlaced): void {}
    }
    const look = 'look at its import: the name may be wrong, or two files import each other';
    expect(told({ processors: [More], listeners: [Audit] })).toEqual([
      `More.one handles undefined -> ${look}`,
      `More.two handles undefined -> ${look}`,
      `More publishes undefined -> ${look}`,
      `Audit.placed listens to undefined -> ${look}`,
    ]);
  });

  it('wants one class for a name and version', () => {
    expect(told({ events: [OrderPlaced, OrderPlacedAgain], processors: [Orders] })).toEqual([
      'OrderPlacedAgain has the name and version of OrderPlaced: order_placed, version 1 -> rename one of them, or raise its version',
      expect.stringMatching(/^warning: OrderPlacedAgain comes in/),
    ]);
  });

  it('wants the topics of events to be configured, and knows what was probably meant', () => {
    expect(told({ topics: { order: {} } })).toEqual([
      "OrderPlaced is on topic 'orders', which is not configured -> did you mean 'order'? Otherwise add 'orders' to `topics` of the configuration, in code or in the file",
    ]);
    expect(told({ topics: {} })).toEqual([
      "OrderPlaced is on topic 'orders', which is not configured -> add 'orders' to `topics` of the configuration, in code or in the file",
    ]);
  });

  it('needs no topic for an event that never leaves the process', () => {
    expect(told({ events: [OrderPlaced, CacheCleared] })).toEqual([]);
  });

  it('wants all events of a topic to have a key, or none; what only comes in has the key that its producer gave it', () => {
    expect(told({ events: [OrderNoted, OrderPlaced], isHeard: () => true })).toEqual([
      "OrderNoted has no key, and OrderPlaced on the same topic 'orders' has one: the two would have no order -> " +
        "give it a field orderId and write `key: 'orderId'` in its @DomainEvent, or put OrderNoted on a topic of its own",
    ]);
    expect(told({ events: [StockCounted, OrderPlaced], isHeard: () => true })).toEqual([]);
  });

  it('wants one handler for an event in a processor', () => {
    @ProcessorOptions({ name: 'twice' })
    class Twice extends Processor {
      @Handles(OrderPlaced) one(_event: OrderPlaced): void {}
      @Handles(OrderPlaced) two(_event: OrderPlaced): void {}
    }
    expect(told({ processors: [Twice] })).toEqual([
      'Twice.two handles OrderPlaced, and Twice.one does so already -> keep one of them, and let it call the other',
    ]);
  });

  it('does not take an overridden handler for a second one', () => {
    @ProcessorOptions({ name: 'more-orders' })
    class MoreOrders extends Orders {
      @Handles(OrderPlaced) override placed(_event: OrderPlaced): void {}
    }
    expect(told({ processors: [MoreOrders] })).toEqual([]);
  });

  it('lets no processor handle an event that never leaves the process', () => {
    @ProcessorOptions({ name: 'cache' })
    class Cache extends Processor {
      @Handles(CacheCleared) cleared(_event: CacheCleared): void {}
    }
    expect(told({ events: [CacheCleared], processors: [Cache] })).toEqual([
      "Cache.cleared handles CacheCleared, which never leaves the process (direction 'local') -> hear it with @Listens in a listener class, or give it another direction",
    ]);
  });

  it('wants what is handled, heard and published to be in `events`, and to be events', () => {
    @ProcessorOptions({ name: 'more', publishes: [OrderPlaced] })
    class More extends Processor {
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
      @Handles(Undecorated) undecorated(_event: Undecorated): void {}
    }
    class Audit {
      @Listens(OrderPlaced) placed(_event: OrderPlaced): void {}
      @Listens(Undecorated) undecorated(_event: Undecorated): void {}
    }
    const add = 'add OrderPlaced to `events` of kafkaModule';
    const decorate = "decorate the class Undecorated itself with @DomainEvent({ name: '…', topic: '…' })";
    expect(told({ events: [], processors: [More], listeners: [Audit] })).toEqual([
      `More.placed handles OrderPlaced, which is not in \`events\` -> ${add}`,
      `More.undecorated handles Undecorated, which is no event -> ${decorate}`,
      `More publishes OrderPlaced, which is not in \`events\` -> ${add}`,
      `Audit.placed listens to OrderPlaced, which is not in \`events\` -> ${add}`,
      `Audit.undecorated listens to Undecorated, which is no event -> ${decorate}`,
      expect.stringMatching(/^warning: More goes in a circle/),
    ]);
  });

  it('wants what is published to be able to leave', () => {
    @ProcessorOptions({ name: 'more', publishes: [CacheCleared, StockCounted] })
    class More extends Processor {
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    expect(told({ events: [OrderPlaced, CacheCleared, StockCounted], processors: [More], isHeard: () => true })).toEqual([
      "More publishes CacheCleared, which never leaves the process (direction 'local') and cannot wait for a handler's success -> " +
        'remove it from `publishes` and publish it on the bus, or give it another direction',
      "More publishes StockCounted, which comes from outside only (direction 'in') -> remove it from `publishes`, or give it another direction",
    ]);
  });

  it('wants processors to have a name of their own and something to do', () => {
    @ProcessorOptions({ name: 'orders' })
    class Rival extends Processor {
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    @ProcessorOptions({ name: 'bridge' })
    class Bridge extends Processor {
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    class Idle extends Processor {}
    expect(told({ processors: [Orders, Rival, Bridge, Idle] })).toEqual([
      "Rival is named 'orders', as Orders is, and a name is a consumer group -> give one of them another name in @ProcessorOptions",
      "Bridge is named 'bridge', and that consumer group belongs to the bridge -> give it another name in @ProcessorOptions",
      "Idle has no name -> add @ProcessorOptions({ name: '…' }) to the class",
      'Idle handles nothing -> mark a method with @Handles(EventClass), or remove it from `processors`',
    ]);
  });

  it('wants each class once, and listeners that listen', () => {
    class Deaf {}
    class Audit {
      @Listens(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    expect(told({ processors: [Orders, Orders], listeners: [Audit, Deaf, Audit] })).toEqual([
      'Orders is listed twice in `processors` -> remove one',
      'Audit is listed twice in `listeners` -> remove one',
      'Deaf listens to nothing -> mark a method with @Listens(EventClass), or remove it from `listeners`',
    ]);
  });

  it('takes no options for a processor that do not exist or make no sense', () => {
    const wrongPolicies = [skip(), skip, onErrorOf(Error, { kind: 'skp' } as never)] as never;
    expect(() => ProcessorOptions({ name: 'orders', onError: wrongPolicies })(Orders)).toThrow(
      '@ProcessorOptions of Orders: onError[1] is no policy: call one, e.g. deadLetter(); onError[2] is no policy: call one, e.g. deadLetter()',
    );
    const options = { name: 'A b', handlerTimeoutMS: 3, onError: skip() as never };
    expect(() => ProcessorOptions(options)(Orders)).toThrow(
      '[WIRING_INVALID] @ProcessorOptions of Orders: handlerTimeoutMS is no option: did you mean handlerTimeoutMs?; ' +
        'name "A b" must be 1 to 100 lower-case letters, digits, "-" and "_", beginning with a letter; ' +
        'onError must be a list of policies, e.g. [retry({ attempts: 3 })]',
    );
  });

  it('is refused with every error that was found, each with its fix; warnings refuse nothing', () => {
    const finding: WiringFinding = { level: 'error', where: 'This', what: 'is wrong', fix: 'mend it' };
    expect(() => refuse([{ ...finding, level: 'warning' }])).not.toThrow();
    expect(() => refuse([finding, { ...finding, where: 'That', what: 'is\nworse' }])).toThrow(
      '[WIRING_INVALID] 2 things are wrong with how the application is put together; nothing was connected\n' +
        '  1. This is wrong\n     fix: mend it\n  2. That is\n     worse\n     fix: mend it',
    );
    expect(() => refuse([finding])).toThrow(WiringError);
    expect(() => refuse([finding])).toThrow('one thing is wrong with');
  });
});
