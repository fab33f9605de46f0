import { BusbarError } from '../../errors.js';
import { notSent } from '../../outbound/failure.js';
import { SendError } from '../../outbound/send-error.js';
import { lagOf, type PartitionLag } from '../../inbound/lag.js';
import type { Running } from '../running.js';
import { unreachable, type BrokerHealth } from './broker-probe.js';
import type { CreateTopicOptions, PartitionOffsets, TopicInfo } from './client-topics.js';
import type { MessageConsumerOptions } from './consume-options.js';
import type { MessageConsumer } from './message-consumer.js';
import type { MessageHandler } from './message-task.js';
import { toRecord, type OutgoingMessage } from './outgoing-message.js';

/** Where a message is on the log. The topic is without the prefix. */
export interface MessagePosition {
  readonly topic: string;
  readonly partition: number;
  /** -1 with `KAFKA_ACKS=0`, where the broker tells none. */
  readonly offset: number;
}

/** What became of one message of a batch. */
export type ProduceResult =
  | ({ readonly status: 'safe' } & MessagePosition)
  /** `not-sent`: it certainly is not on the log. `unknown`: it may be. */
  | { readonly status: 'not-sent' | 'unknown'; readonly error: SendError };

/**
 * For Kafka work beside events: messages that are none, topics, offsets. It goes through the same queue and the same
 * pipeline as events, so that a message is safe or told, handled in order, and never skipped silently. Topics are named as
 * everywhere, without the prefix. It works while the service runs: before and after, calls reject `ILLEGAL_TRANSITION`.
 */
export class KafkaClient {
  readonly #running: (call: string) => Running;

  /** `running` throws `ILLEGAL_TRANSITION` when the service does not run. */
  constructor(running: (call: string) => Running) {
    this.#running = running;
  }

  /**
   * Resolves when the brokers have acknowledged the message as configured, in the order of the calls per partition; waits for
   * its place in the bounded queue, until `KAFKA_DELIVERY_TIMEOUT_MS` at most. Rejects with `SendError`, whose `certainty` says
   * whether it may be on the log: `ARGUMENT_INVALID`, `TOPIC_INVALID`, `TOPIC_MISSING`, `TOO_LARGE`, `BUFFER_FULL`,
   * `CIRCUIT_OPEN`, `DELIVERY_TIMEOUT`, … In the handler of a processor it is not staged: it goes out at once, and again with a retry.
   */
  async produce(message: OutgoingMessage): Promise<MessagePosition> {
    try {
      return await this.#send(message);
    } catch (error) {
      throw sendErrorOf(error);
    }
  }

  /** As `produce` for each, side by side; the results are in the order of the messages. One that fails stops no other. Rejects only what is no array: `ARGUMENT_INVALID`. */
  async produceBatch(messages: readonly OutgoingMessage[]): Promise<ProduceResult[]> {
    refuseNoList(messages, 'nothing is sent: the messages must be in an array');
    return Promise.all(
      Array.from(messages, async (message): Promise<ProduceResult> => {
        try {
          return { status: 'safe', ...(await this.#send(message)) };
        } catch (thrown) {
          const error = sendErrorOf(thrown);
          return { status: error.certainty, error };
        }
      }),
    );
  }

  /**
   * Reads messages until the service or the consumer is stopped; resolves once the group is joined. A message is handled at
   * least once, in log order (with `concurrency`, per key), retried and put aside as `onError` says; its offset moves only
   * when it is settled. Nothing is decoded: `message.json()` and `message.text()` do. Rejects `ARGUMENT_INVALID` with
   * everything that is wrong, also for a group that is taken, and `TOPIC_MISSING`.
   */
  async consume(options: MessageConsumerOptions, handler: MessageHandler): Promise<MessageConsumer> {
    return this.#running('client.consume()').consumers.add(options, handler);
  }

  /** The consumers of this process that were not stopped; failed ones say why. */
  consumers(): readonly MessageConsumer[] {
    return this.#running('client.consumers()').consumers.all();
  }

  /** Those of this application, dead-letter topics included; with `all`, every topic that the user may see. */
  async topics({ all = false }: { readonly all?: boolean | undefined } = {}): Promise<TopicInfo[]> {
    return this.#running('client.topics()').topics.list(all);
  }

  /** One topic and what is on its partitions. Rejects `TOPIC_MISSING`, `TOPIC_INVALID`. */
  async topic(name: string): Promise<TopicInfo & { readonly offsets: readonly PartitionOffsets[] }> {
    const { topics } = this.#running('client.topic()');
    const [info, offsets] = await Promise.all([topics.describe(name), topics.offsets(name)]);
    return { ...info, offsets };
  }

  /**
   * Creates a topic with as many copies as the configuration says; one that exists is left as it is, and `created` is false.
   * Rejects `ARGUMENT_INVALID`, `TOPIC_INVALID`, `CONFIG_INVALID` when the brokers are too few, and `TOPIC_MISSING` when it is
   * missing and `KAFKA_CREATE_TOPICS` is false.
   */
  async createTopic(name: string, options: CreateTopicOptions = {}): Promise<TopicInfo & { readonly created: boolean }> {
    const { created, topic } = await this.#running('client.createTopic()').topics.create(name, options);
    return { ...topic, created };
  }

  /** What is on the log of every partition. Rejects `TOPIC_MISSING`. */
  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.#running('client.offsets()').topics.offsets(topic);
  }

  /**
   * How far the committed offsets of a group are behind; `group` is the name of a processor or a consumer, without the group
   * prefix. `topics` default to what it reads here; of a group that only others have they must be named: `ARGUMENT_INVALID`.
   */
  async lag(group: string, topics?: readonly string[]): Promise<readonly PartitionLag[]> {
    const { driver, names, groupPrefix, topics: there, processors, consumers } = this.#running('client.lag()');
    const consumed = consumers.all().find((consumer) => consumer.group === group)?.topics;
    const processed = processors.status().has(group) ? processors.runner(group).topics.map((topic) => names.base(topic)) : undefined;
    const read = topics ?? consumed ?? processed;
    if (read === undefined) throw new BusbarError('ARGUMENT_INVALID', `no group '${group}' is read here: name its topics`);
    refuseNoList(read, 'the topics must be a list of names');
    const full = await Promise.all(read.map(async (topic) => (await there.describe(topic)).fullName));
    return (await lagOf(driver.admin, `${groupPrefix}.${group}`, full)).map((lag) => ({ ...lag, topic: names.base(lag.topic) }));
  }

  /** Whether the cluster answers; resolves within 3 s and never rejects, also when the service does not run. */
  async health(): Promise<BrokerHealth> {
    try {
      return await this.#running('client.health()').probe.ask();
    } catch (error) {
      return unreachable(error);
    }
  }

  /** Up to the first `await` in the order of the calls, and behind it too: one promise is waited for per topic. */
  async #send(message: OutgoingMessage): Promise<MessagePosition> {
    const { names, publisher, knownTopics, deliveryTimeoutMs } = this.#running('client.produce()');
    const record = toRecord(message, names);
    const deadline = Date.now() + deliveryTimeoutMs;
    const { topic } = message;
    // Whether it is there would be asked of brokers that do not answer.
    if (!publisher.refuses(record.topic)) await knownTopics.there(topic);
    try {
      const { partition, offset } = await publisher.send(record, deadline);
      return { topic, partition, offset };
    } catch (error) {
      knownTopics.forget(topic);
      throw error;
    }
  }
}

function refuseNoList(given: unknown, message: string): void {
  if (!Array.isArray(given)) throw new BusbarError('ARGUMENT_INVALID', message);
}

/** What did not come out of the queue never came in. */
function sendErrorOf(error: unknown): SendError {
  if (error instanceof SendError) return error;
  const known = error instanceof BusbarError ? error : new BusbarError('ARGUMENT_INVALID', 'the message cannot be read', { cause: error });
  const { code, reason, certainty, retriable } = notSent(known);
  return new SendError(code, reason, { certainty, retriable, cause: error });
}
