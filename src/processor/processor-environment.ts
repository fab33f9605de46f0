import type { EventBus } from '../bus/event-bus.js';
import type { Resolve } from '../bus/event-context.js';
import type { Codec } from '../codec/codec.js';
import type { EventRegistry } from '../event/event-registry.js';
import type { From } from '../inbound/start-offset.js';
import type { KafkaDriver } from '../kafka/driver.js';
import type { BodyMappings, TopicNames } from '../kafka/topics.js';
import type { Publisher } from '../outbound/publisher.js';
import type { Store } from '../store/store.js';
import type { Notices } from '../telemetry/notices.js';

/** What the processors of one service share. */
export interface ProcessorEnvironment {
  readonly driver: KafkaDriver;
  readonly publisher: Publisher;
  readonly registry: EventRegistry;
  readonly codec: Codec;
  readonly topics: TopicNames;
  readonly mappings: BodyMappings;
  readonly bus: EventBus;
  readonly store: Store | undefined;
  readonly notices: Notices;
  readonly resolve: Resolve;
  /** `/` + service name. */
  readonly source: string;
  /** Prefix of the consumer groups. */
  readonly groupPrefix: string;
  readonly from: From;
  /** Records of one partition that may be in flight. */
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
  /** How long handlers may go on when a partition is taken away, in ms. */
  readonly drainMs: number;
}
