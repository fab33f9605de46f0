import { IsString } from 'class-validator';
import { Container, inject, injectable } from 'inversify';
import { describe, expect, it } from 'vitest';

import { EventBus } from '../../src/bus/event-bus.js';
import { KafkaConfig } from '../../src/config/kafka-config.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { Clock } from '../../src/service/clock.js';
import { kafkaModule, type KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';
import { TOKENS } from '../../src/service/tokens.js';
import type { Store } from '../../src/store/store.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@ProcessorOptions({ name: 'orders' })
@injectable()
class Orders extends Processor {
  constructor(@inject(TOKENS.Clock) readonly clock: Clock) {
    super();
  }
  @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
}

const config = KafkaConfig.from({ serviceName: 'shop', bootstrapServers: 'one:9092', topics: { orders: {} } });

function containerWith(more: Partial<KafkaModuleOptions> = {}, container = new Container()): Container {
  container.load(kafkaModule({ config, events: [OrderPlaced], processors: [Orders], ...more }));
  return container;
}

describe('the module', () => {
  it('binds what applications inject, the bus also by its class', () => {
    const container = containerWith();
    expect(container.get(TOKENS.Config)).toBe(config);
    expect(container.get<Clock>(TOKENS.Clock).now()).toBeInstanceOf(Date);
    expect(container.get(TOKENS.EventBus)).toBe(container.get(EventBus));
    expect(container.isBound(TOKENS.Notices)).toBe(true);
    expect(container.get(KafkaService)).toBe(container.get(KafkaService));
  });

  it('wants a checked configuration, and says how to make one of a plain object', () => {
    const plain = { serviceName: 'shop', bootstrapServers: 'one:9092' };
    const load = (wrong: unknown) => () => containerWith({ config: wrong as KafkaConfig });
    expect(load(plain)).toThrow(/\[WIRING_INVALID\][^]*plain object[^]*KafkaConfig\.from\(/);
    expect(load(undefined)).toThrow(/\[WIRING_INVALID\][^]*no `config`[^]*KafkaConfig\.fromEnv\(/);
  });

  it('binds a store only when there is one', () => {
    const store = {} as Store;
    expect(containerWith().isBound(TOKENS.Store)).toBe(false);
    expect(containerWith({ store }).get(TOKENS.Store)).toBe(store);
  });

  it('makes processors singletons, and leaves them alone where the container has its own', () => {
    const container = containerWith();
    expect(container.get(Orders)).toBe(container.get(Orders));

    const mine = new Orders({ now: () => new Date(0) });
    const own = new Container();
    own.bind(Orders).toConstantValue(mine);
    expect(containerWith({}, own).get(Orders)).toBe(mine);
  });

  it('lets nothing out of the process before the service runs, whatever is got first from the container', async () => {
    const bus = containerWith().get(EventBus);
    await expect(bus.publish(new OrderPlaced({ orderId: 'o-1' }))).rejects.toMatchObject({
      code: 'ILLEGAL_TRANSITION',
      certainty: 'not-sent',
    });
  });

  it('leaves a class without decorators for the wiring check to name', () => {
    class Plain extends Orders {
      constructor(
        clock: Clock,
        readonly more: unknown,
      ) {
        super(clock);
      }
    }
    const container = containerWith({ processors: [Plain] });
    expect(() => container.get(Plain)).toThrow('Plain');
  });
});
