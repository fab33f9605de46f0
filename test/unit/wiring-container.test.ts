import { IsString } from 'class-validator';
import { Container, inject, injectable, optional } from 'inversify';
import { describe, expect, it } from 'vitest';

import { Listens } from '../../src/bus/listens.js';
import { KafkaConfig } from '../../src/config/kafka-config.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import { kafkaModule, type KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';
import { TOKENS } from '../../src/service/tokens.js';
import { WiringError } from '../../src/service/wiring/finding.js';
import type { Notice, Notices } from '../../src/telemetry/notices.js';
import { expectGolden } from '../support/golden.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'order_noted', topic: 'orders' })
class OrderNoted {
  @IsString() readonly note!: string;
}

@DomainEvent({ name: 'order_shipped', topic: 'shipment', key: 'orderId' })
class OrderShipped {
  @IsString() readonly orderId!: string;
}

@DomainEvent({ name: 'cache_cleared', topic: 'orders', direction: 'local' })
class CacheCleared {
  @IsString() readonly cache!: string;
}

class OrderCancelled {
  readonly orderId!: string;
}

const MAILER = Symbol.for('shop.Mailer');

@ProcessorOptions({ name: 'orders' })
@injectable()
class Orders extends Processor {
  constructor(@inject(MAILER) readonly mailer: unknown) {
    super();
  }
  @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
  @Handles(OrderPlaced) mail(_event: OrderPlaced): void {}
  @Handles(CacheCleared) cleared(_event: CacheCleared): void {}
}

@injectable()
class Audit {
  @Listens(OrderNoted) noted(_event: OrderNoted): void {}
  @Listens(OrderShipped) shipped(_event: OrderShipped): void {}
}

// Nobody listens on port 1: whoever connects has another error.
const config = KafkaConfig.from({ serviceName: 'shop', bootstrapServers: '127.0.0.1:1', topics: { orders: {}, shipments: {} } });

/** What the start says, and the notices before it. */
async function started(options: Partial<KafkaModuleOptions>, container = new Container()) {
  container.load(kafkaModule({ config, events: [OrderPlaced], ...options }));
  const notices: Notice[] = [];
  container.get<Notices>(TOKENS.Notices).onNotice((notice) => notices.push(notice));
  const error = await container
    .get(KafkaService)
    .start()
    .catch((reason: unknown) => reason);
  if (!(error instanceof WiringError)) throw error;
  return { error, notices, told: error.findings.map(({ where, what, fix }) => `${where} ${what} -> ${fix}`) };
}

describe('an application in a container', () => {
  it('with six mistakes is told six, each with its fix, before anything connects (UPDATE_GOLDEN=1 writes it)', async () => {
    const { error } = await started({
      events: [OrderPlaced, OrderNoted, OrderShipped, OrderCancelled, CacheCleared],
      processors: [Orders],
      listeners: [Audit],
    });
    expect(error.code).toBe('WIRING_INVALID');
    expect(error.findings).toHaveLength(6);
    expectGolden('wiring-six-mistakes.txt', `${error.message}\n`);
  });

  it('is told every binding that is missing, of each class, and how to bind it', async () => {
    const HIDDEN = Symbol('hidden');
    @injectable()
    class Dependency {
      constructor(@inject('deeper') readonly deeper: unknown) {}
    }
    class Stranger {}
    @ProcessorOptions({ name: 'needy' })
    @injectable()
    class Needy extends Processor {
      @inject('clock') readonly clock!: unknown;
      constructor(
        @inject(MAILER) readonly mailer: unknown,
        @inject(TOKENS.Store) readonly store: unknown,
        @inject(TOKENS.Clock) readonly there: unknown,
        @inject(Stranger) readonly stranger: Stranger,
        @inject(Dependency) readonly dependency: Dependency,
        @inject(HIDDEN) readonly hidden: unknown,
        @inject('not needed') @optional() readonly maybe: unknown,
      ) {
        super();
      }
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    const container = new Container();
    container.bind(Dependency).toSelf();
    const to = '.to(SomeClass), or .toConstantValue(something)';
    expect((await started({ processors: [Needy] }, container)).told).toEqual([
      `Needy needs Symbol.for('shop.Mailer'), which the container does not have -> bind it: container.bind(Symbol.for('shop.Mailer'))${to}`,
      'Needy needs a store, and there is none -> pass `store` to kafkaModule, e.g. store: sqliteStore({ … })',
      'Needy needs Stranger, which the container does not have -> bind it: container.bind(Stranger).toSelf().inSingletonScope()',
      'Needy needs Dependency, of which Dependency needs deeper, which the container does not have -> bind deeper in the container before the service starts',
      `Needy needs Symbol(hidden), which the container does not have -> bind it: container.bind(Symbol(hidden))${to}`,
      `Needy needs "clock", which the container does not have -> bind it: container.bind("clock")${to}`,
    ]);
  });

  it('is told of a class without decorators, a circle, and a constructor that throws', async () => {
    class Bare extends Orders {
      constructor(
        mailer: unknown,
        readonly more: unknown,
      ) {
        super(mailer);
      }
    }
    @injectable()
    class Throwing {
      constructor() {
        throw new Error('the file is not there');
      }
      @Listens(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    const [CHICKEN, EGG] = [Symbol.for('Chicken'), Symbol.for('Egg')];
    @injectable()
    class Chicken {
      constructor(@inject(EGG) readonly egg: unknown) {}
    }
    @injectable()
    class Egg {
      constructor(@inject(CHICKEN) readonly chicken: unknown) {}
    }
    @injectable()
    class Farm {
      constructor(@inject(CHICKEN) readonly chicken: unknown) {}
      @Listens(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    const container = new Container();
    container.bind(CHICKEN).to(Chicken);
    container.bind(EGG).to(Egg);
    const { told } = await started({ listeners: [Throwing, Farm], processors: [Bare] }, container);
    expect(told.filter((line) => !line.includes('handles'))).toEqual([
      'Bare cannot be made: its constructor has arguments without @inject -> add @injectable() to Bare, and @inject(TOKEN) to each argument of its constructor',
      'Throwing cannot be made: the file is not there -> look at its constructor and at what that injects',
      'Farm cannot be made: what it injects goes in a circle, Symbol(Chicken) -> Symbol(Egg) -> Symbol(Chicken) -> let one of them ask for the other later, e.g. a handler with ctx.get(TOKEN)',
    ]);
  });

  it('is told of options that do not exist, with the nearest name, and of a configuration that is not there', async () => {
    const { told } = await started({ lisstners: [], retries: 3 } as never);
    expect(told).toEqual([
      'kafkaModule has no option `lisstners` -> did you mean listeners?',
      'kafkaModule has no option `retries` -> use config, events, processors, listeners, store, broadcast',
    ]);
    expect(() => kafkaModule({ confg: config, events: [] } as never)).toThrow(
      /has no option `confg`\n +fix: did you mean config\?\n +2\. kafkaModule was given no `config`/,
    );
  });

  it('is told of lists that are none, such as one class alone, and that there is nothing at all', () => {
    expect(() => kafkaModule({ config, events: OrderPlaced, listeners: null } as never)).toThrow(
      /1\. kafkaModule was given `events` that are no list\n +fix: put the classes into brackets: events: \[ … \]\n +2\. .*`listeners`/,
    );
    expect(() => kafkaModule(undefined as never)).toThrow(/kafkaModule was given no `config`/);
  });

  it('is told of a class that has no name to be told by', async () => {
    const { told } = await started({ events: [class {}] as never });
    expect(told).toContain(
      "a class without a name is in `events` and is no event -> decorate it with @DomainEvent({ name: '…', topic: '…' })",
    );
  });

  it('is told of what is probably not meant by a notice, also beside what refuses it', async () => {
    @DomainEvent({ name: 'stock_counted', topic: 'orders', direction: 'in', key: 'item' })
    class StockCounted {
      @IsString() readonly item!: string;
    }
    const { notices } = await started({ events: [OrderPlaced, OrderCancelled, StockCounted] });
    expect(notices).toEqual([
      {
        level: 'warn',
        code: 'WIRING_WARNING',
        message:
          "StockCounted comes from outside only (direction 'in'), and nobody here handles it or listens to it; " +
          'fix: handle it with @Handles(StockCounted) or hear it with @Listens(StockCounted); or remove it from `events`',
      },
    ]);
  });
});
