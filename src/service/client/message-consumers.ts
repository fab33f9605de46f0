import type { KafkaConfig } from '../../config/kafka-config.js';
import { BusbarError } from '../../errors.js';
import { mayDeadLetter } from '../../policy/decide.js';
import { copiesOf, deadLetterSpec, ensureSpecs } from '../topic-plan.js';
import type { ClientTopics } from './client-topics.js';
import { checkConsumeOptions, type MessageConsumerOptions } from './consume-options.js';
import { ConsumerRunner, type ConsumerEnvironment } from './consumer-runner.js';
import type { MessageConsumer } from './message-consumer.js';
import type { MessageHandler } from './message-task.js';

/** The mirror's group. */
const RESERVED = 'bridge';

export interface MessageConsumersOptions extends ConsumerEnvironment {
  readonly config: KafkaConfig;
  readonly topics: ClientTopics;
  /** Names of the processors: their groups are theirs. */
  processorNames(): Iterable<string>;
}

/** The consumers of messages in this process, from `consume` until they are stopped. */
export class MessageConsumers {
  readonly #options: MessageConsumersOptions;
  readonly #consumers = new Map<string, ConsumerRunner>();
  #closed = false;

  constructor(options: MessageConsumersOptions) {
    this.#options = options;
  }

  /** Those that were not stopped, failed ones included. */
  all(): readonly ConsumerRunner[] {
    return [...this.#consumers.values()].filter(({ state }) => state !== 'stopped');
  }

  /** Resolves once the group is joined and what it may need is there. */
  async add(options: MessageConsumerOptions, handler: MessageHandler): Promise<MessageConsumer> {
    checkConsumeOptions(options, handler);
    const { group } = options;
    this.#refuseTaken(group);
    const consumer: ConsumerRunner = new ConsumerRunner(options, handler, this.#options, () => this.#forget(group, consumer));
    this.#consumers.set(group, consumer);
    try {
      await this.#seeToTopics(options);
      if (this.#closed) throw new BusbarError('ILLEGAL_TRANSITION', `the service was stopped before ${options.group} could consume`);
      await consumer.start();
      return consumer;
    } catch (error) {
      this.#forget(group, consumer);
      throw error;
    }
  }

  /** Stops them all; what runs has `drainMs` to end. */
  async stop(drainMs: number): Promise<void> {
    this.#closed = true;
    const results = await Promise.allSettled(Array.from(this.#consumers.values(), (consumer) => consumer.end(drainMs)));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, 'some consumers did not stop cleanly');
  }

  /** Its successor may be here already. */
  #forget(group: string, consumer: ConsumerRunner): void {
    if (this.#consumers.get(group) === consumer) this.#consumers.delete(group);
  }

  #refuseTaken(group: string): void {
    const refuse = (owner: string): never => {
      throw new BusbarError('ARGUMENT_INVALID', `the group '${group}' belongs to ${owner}: choose another name`);
    };
    if (group === RESERVED) refuse('the bridge');
    if ([...this.#options.processorNames()].includes(group)) refuse(`the processor ${group}`);
    const other = this.#consumers.get(group);
    if (other !== undefined && other.state !== 'stopped' && other.state !== 'failed')
      refuse('a consumer that is running here (for more at a time, use `concurrency`)');
  }

  async #seeToTopics({ topics: read, onError = [] }: MessageConsumerOptions): Promise<void> {
    const { config, topics, names, driver } = this.#options;
    const described = await Promise.all(read.map((topic) => topics.describe(topic)));
    if (!mayDeadLetter(onError)) return;
    const copies = await copiesOf(config, driver.admin);
    const specs = described.map(({ fullName, ...settings }) =>
      deadLetterSpec(names.deadLetter(fullName), settings, copies, settings.maxBatchBytes),
    );
    await ensureSpecs(specs, config, driver.admin);
  }
}
