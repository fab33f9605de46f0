import type { Kafka } from 'kafkajs';

import type { BusbarError } from '../../../errors.js';
import type { Notices } from '../../../telemetry/notices.js';
import type { ConsumeOptions } from '../../driver.js';
import type { KafkaJsAdmin } from '../admin.js';
import type { Settings } from '../options.js';

/** By which a log is known again. */
export interface LastRead {
  readonly offset: number;
  readonly timestamp: number;
}

/** What a subscription gives to each of its consumers, and hears from them. */
export interface MembershipContext {
  readonly client: Kafka;
  /** What its client has logged last: why no coordinator is told, it says nowhere else. */
  readonly lastSaid: () => string | undefined;
  readonly admin: KafkaJsAdmin;
  readonly settings: Settings;
  readonly notices: Notices;
  readonly options: ConsumeOptions;
  /** Where earlier claims of this subscription have settled up to, by partition: maybe more than was committed. */
  readonly remembered: Map<string, number>;
  /** Partitions of which the group was seen to have an offset. When it has none any more, the topic was deleted. */
  readonly begun: Set<string>;
  /** The last record that was handed over, by partition. */
  readonly lastRead: Map<string, LastRead>;
  /** The group has given it its partitions, maybe none. */
  readonly joined: () => void;
  /** The group waits for it to join again. May be told more than once. */
  readonly rejoins: () => void;
  /** The consumer is dead: kafkajs gave up, or the group has not heard of it for too long. */
  readonly crashed: (error: BusbarError) => void;
  /** Reading must not go on. */
  readonly stopped: (error: BusbarError) => void;
}
