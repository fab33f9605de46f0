import { IsString } from 'class-validator';
import { Container, inject, injectable } from 'inversify';

import type { EventContext } from '../../src/bus/event-context.js';
import { EventBus } from '../../src/bus/event-bus.js';
import { Listens } from '../../src/bus/listens.js';
import { KafkaConfig, type KafkaSettings } from '../../src/config/kafka-config.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { Clock } from '../../src/service/clock.js';
import { kafkaModule, type KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';
import { TOKENS } from '../../src/service/tokens.js';
import type { Notice, Notices } from '../../src/telemetry/notices.js';
import { sharedKafka, uniquePrefix } from './kafka.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
export class OrderPlaced {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'order_shipped', topic: 'orders', key: 'orderId' })
export class OrderShipped {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderShipped>) {
    Object.assign(this, init);
  }
}

/** Remembers what it was given; `hold` keeps its handler busy. */
@ProcessorOptions({ name: 'orders', publishes: [OrderShipped] })
@injectable()
export class Orders extends Processor {
  readonly handled: string[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  hold: Promise<void> | undefined;
  began: () => void = () => undefined;

  constructor(@inject(TOKENS.Clock) readonly clock: Clock) {
    super();
  }

  @Handles(OrderPlaced)
  async placed({ orderId }: OrderPlaced, ctx: EventContext): Promise<void> {
    this.began();
    await this.hold;
    ctx.publish(new OrderShipped({ orderId }));
    this.handled.push(orderId);
    for (const { count, resolve } of this.#waiting) if (this.handled.length >= count) resolve();
  }

  untilHandled(count: number): Promise<void> {
    if (this.handled.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

@injectable()
export class Audit {
  readonly heard: string[] = [];
  @Listens(OrderPlaced) placed({ orderId }: OrderPlaced): void {
    this.heard.push(orderId);
  }
}

const running: KafkaService[] = [];

/** Stops every application that was made; for `afterEach`. */
export async function stopApplications(): Promise<void> {
  await Promise.all(running.splice(0).map((service) => service.stop()));
}

/** An application in a container, on the Kafka of the tests, with topics and groups of its own. Not started. */
export async function application(settings: KafkaSettings = {}, more: Partial<KafkaModuleOptions> = {}) {
  const { bootstrap } = await sharedKafka();
  const { serviceName = 'shop', topicPrefix = uniquePrefix() } = settings;
  const config = KafkaConfig.from({
    serviceName,
    bootstrapServers: bootstrap,
    topicPrefix,
    // Tests run side by side: the groups of a service would have members that are none of its business.
    groupId: `${serviceName}-${topicPrefix}`,
    fetchMaxWaitMs: 50,
    topics: { orders: {} },
    ...settings,
  });
  const container = new Container();
  container.load(kafkaModule({ config, events: [OrderPlaced, OrderShipped], processors: [Orders], listeners: [Audit], ...more }));
  const notices: Notice[] = [];
  container.get<Notices>(TOKENS.Notices).onNotice((notice) => notices.push(notice));
  const service = container.get(KafkaService);
  running.push(service);
  return { container, service, config, notices, bus: container.get(EventBus) };
}
