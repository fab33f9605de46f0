import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';

import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import type { EventClass, EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { skip } from '../../src/policy/policy.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor, type ProcessorClass } from '../../src/processor/processor.js';
import { refuse, wiringFindings } from '../../src/service/wiring.js';

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
  constructor(init: EventInit<OrderPlacedAgain>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'cache_cleared', topic: 'nowhere', direction: 'local' })
class CacheCleared {
  @IsString() readonly cache!: string;
  constructor(init: EventInit<CacheCleared>) {
    Object.assign(this, init);
  }
}

class Undecorated {
  readonly text!: string;
}

@ProcessorOptions({ name: 'orders' })
class Orders extends Processor {
  @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
}

function findings(wiring: { events?: EventClass[]; processors?: ProcessorClass[]; topics?: KafkaSettings['topics'] }): string[] {
  const { events = [OrderPlaced], processors = [Orders], topics = { orders: {} } } = wiring;
  const config = KafkaConfig.from({ serviceName: 'shop', bootstrapServers: 'one:9092', topics });
  return wiringFindings({ events, processors, topics: config.topics });
}

describe('the wiring of an application', () => {
  it('has nothing to be found when it is right', () => {
    expect(findings({})).toEqual([]);
  });

  it('wants events to be decorated', () => {
    expect(findings({ events: [OrderPlaced, Undecorated] })).toEqual([expect.stringContaining('Undecorated is no event: decorate')]);
  });

  it('wants one class for a name and version', () => {
    expect(findings({ events: [OrderPlaced, OrderPlacedAgain] })).toEqual([
      expect.stringMatching(/OrderPlaced.*OrderPlacedAgain.*version/),
    ]);
  });

  it('wants the topics of events to be configured, and knows what was probably meant', () => {
    expect(findings({ topics: { order: {} } })).toEqual([
      "OrderPlaced is on topic 'orders', which is not configured: did you mean 'order'? Otherwise add it to `topics`",
    ]);
    expect(findings({ topics: {} })).toEqual([
      "OrderPlaced is on topic 'orders', which is not configured: add it to `topics` in code or in the configuration file",
    ]);
  });

  it('needs no topic for an event that never leaves the process', () => {
    expect(findings({ events: [OrderPlaced, CacheCleared] })).toEqual([]);
  });

  it('wants one handler for an event in a processor', () => {
    @ProcessorOptions({ name: 'twice' })
    class Twice extends Processor {
      @Handles(OrderPlaced) one(_event: OrderPlaced): void {}
      @Handles(OrderPlaced) two(_event: OrderPlaced): void {}
    }
    expect(findings({ processors: [Twice] })).toEqual([
      'Twice.one and Twice.two both handle OrderPlaced: a processor has one handler for an event; call one from the other',
    ]);
  });

  it('does not take an overridden handler for a second one', () => {
    @ProcessorOptions({ name: 'more-orders' })
    class MoreOrders extends Orders {
      @Handles(OrderPlaced) override placed(_event: OrderPlaced): void {}
    }
    expect(findings({ processors: [MoreOrders] })).toEqual([]);
  });

  it('lets no processor handle an event that never leaves the process', () => {
    @ProcessorOptions({ name: 'cache' })
    class Cache extends Processor {
      @Handles(CacheCleared) cleared(_event: CacheCleared): void {}
    }
    expect(findings({ events: [CacheCleared], processors: [Cache] })).toEqual([
      "Cache.cleared handles CacheCleared, which never leaves the process (direction 'local'): use @Listens, or give it another direction",
    ]);
  });

  it('wants what is handled and published to be in `events`, and to be events', () => {
    @ProcessorOptions({ name: 'more', publishes: [OrderPlaced] })
    class More extends Processor {
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
      @Handles(Undecorated) undecorated(_event: Undecorated): void {}
    }
    expect(findings({ events: [], processors: [More] })).toEqual([
      'More.placed handles OrderPlaced, which is not in `events`: add it',
      expect.stringContaining('More.undecorated: [NOT_AN_EVENT] Undecorated is no event'),
      'More publishes OrderPlaced, which is not in `events`: add it',
    ]);
  });

  it('wants processors to have a name of their own and something to do', () => {
    @ProcessorOptions({ name: 'orders' })
    class Rival extends Processor {
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    class Idle extends Processor {}
    expect(findings({ processors: [Orders, Rival, Idle] })).toEqual([
      "Rival and Orders are both named 'orders': a name is a consumer group, give one of them another",
      "Idle has no name: add @ProcessorOptions({ name: '…' })",
      'Idle handles nothing: mark a method with @Handles(EventClass), or remove it from `processors`',
    ]);
    expect(findings({ processors: [Orders, Orders] })).toContain('Orders is listed twice in `processors`: remove one');
  });

  it('takes no options for a processor that do not exist or make no sense', () => {
    const options = { name: 'A b', retries: 3, onError: skip() as never };
    expect(() => ProcessorOptions(options)(Orders)).toThrow(
      '[WIRING_INVALID] @ProcessorOptions of Orders: retries is no option: use name, from, concurrency, publishes, onError, handlerTimeoutMs, stalledAfterMs; ' +
        'name "A b" must be 1 to 100 lower-case letters, digits, "-" and "_", beginning with a letter; ' +
        'onError must be a list of policies, e.g. [retry({ attempts: 3 })]',
    );
  });

  it('is refused with everything that was found', () => {
    expect(() => refuse([])).not.toThrow();
    expect(() => refuse(['this', 'that'])).toThrow('[WIRING_INVALID] 2 things are wrong:\n  - this\n  - that');
    expect(() => refuse(['this\nand this'])).toThrow('one thing is wrong:\n  - this\n    and this');
  });
});
