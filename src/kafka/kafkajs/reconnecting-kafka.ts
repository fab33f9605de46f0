import kafkajs, {
  type Admin,
  type AdminConfig,
  type Consumer,
  type ConsumerConfig,
  type KafkaConfig,
  type Producer,
  type ProducerConfig,
} from 'kafkajs';

import type { GuardedSockets } from './guarded-socket.js';

/**
 * kafkajs gives a request up that was not answered in time, and writes the next ones to the same connection. When that is
 * half-open, because a firewall or a crashed machine has forgotten it, nothing is ever answered on it again. So a request that ran
 * out of time ends the connections to its broker; what else waited on them is repeated on new ones.
 */
export class ReconnectingKafka extends kafkajs.Kafka {
  readonly #sockets: GuardedSockets;

  constructor(config: Omit<KafkaConfig, 'socketFactory'>, sockets: GuardedSockets) {
    super({ ...config, socketFactory: sockets.factory });
    this.#sockets = sockets;
  }

  override producer(config?: ProducerConfig): Producer {
    const producer = super.producer(config);
    producer.on(producer.events.REQUEST_TIMEOUT, ({ payload }) => this.#sockets.end(payload.broker));
    return producer;
  }

  override consumer(config: ConsumerConfig): Consumer {
    const consumer = super.consumer(config);
    consumer.on(consumer.events.REQUEST_TIMEOUT, ({ payload }) => this.#sockets.end(payload.broker));
    return consumer;
  }

  override admin(config?: AdminConfig): Admin {
    const admin = super.admin(config);
    admin.on(admin.events.REQUEST_TIMEOUT, ({ payload }) => this.#sockets.end(payload.broker));
    return admin;
  }
}
