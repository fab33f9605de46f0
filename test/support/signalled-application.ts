// A process of its own, for the test of signals: tells its parent how far it is.
import { once } from 'node:events';

import { IsString } from 'class-validator';
import { Container, injectable } from 'inversify';

import { EventBus } from '../../src/bus/event-bus.js';
import { KafkaConfig } from '../../src/config/kafka-config.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import { kafkaModule } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';

const tell = (message: string): Promise<void> => new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));

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
  @Handles(OrderPlaced) async placed(_event: OrderPlaced): Promise<void> {
    await tell('handling');
    await once(process, 'SIGTERM'); // so it is still at work when the service is told to stop
    await tell('handled');
  }

  override onStop(): Promise<void> {
    return tell('stopped');
  }
}

// #region application
const config = KafkaConfig.from({ serviceName: 'shop', bootstrapServers: 'embedded', fetchMaxWaitMs: 50, topics: { orders: {} } });
const container = new Container();
container.load(kafkaModule({ config, events: [OrderPlaced], processors: [Orders] }));
await container.get(KafkaService).start({ signals: true });
await container.get(EventBus).publish(new OrderPlaced({ orderId: 'o-1' }));
// #endregion
