import type { Receipt } from '../bus/receipt.js';
import { EventRegistry } from '../event/event-registry.js';
import type { TopicDescription } from '../kafka/driver.js';
import type { ProcessorManager } from '../processor/processor-manager.js';
import type { PartitionLag } from '../inbound/lag.js';
import { printNotice, type Notices } from '../telemetry/notices.js';
import type { ServiceParts } from './assembly.js';
import { caughtUp } from './caught-up.js';
import type { Health } from './health/health.js';
import { healthOf } from './health/service-health.js';
import { KafkaClient } from './client/kafka-client.js';
import { connectParts } from './connect-parts.js';
import { subscribeByName, type DataHandler, type EventHandlerOptions } from './event-handlers.js';
import type { PromiseLedger } from './ledger/promise-ledger.js';
import { ledgerOf } from './ledger/service-ledger.js';
import { mapOf, type ServiceMap } from './map/service-map.js';
import { Lifecycle, type Begun, type LifecycleState } from './lifecycle.js';
import { EventPublication, type PublishEventOptions } from './publish-event.js';
import { open, type Running } from './running.js';
import { NO_STATS, statsOf, type ServiceStats } from './stats.js';
import { stopOnSignals } from './signals.js';

export interface StartOptions {
  /** Whether SIGTERM and SIGINT stop the service and then end the process; a second one ends it at once. Default: false. */
  readonly signals?: boolean | undefined;
}

export interface StopOptions {
  /**
   * How long everything under way may take, in ms. Handlers get three quarters of it, and 9,000 at most: a group waits no
   * longer for a member that leaves. Default: 25,000.
   */
  readonly deadlineMs?: number | undefined;
}

/** Shorter than the half minute that an orchestrator usually waits before it kills. */
const STOP_DEADLINE_MS = 25_000;

/**
 * The life of a Busbar application: `start` brings up store, broker, topics, bridge, listeners and processors, `stop`
 * drains them in the opposite order. `created -> starting -> running -> stopping -> stopped`; it starts once.
 */
export class KafkaService {
  readonly #parts: ServiceParts;
  readonly #lifecycle: Lifecycle;
  readonly #since = new Date();
  #running: Running | undefined;
  #topics: readonly TopicDescription[] = [];
  #registry: EventRegistry | undefined;
  /** For Kafka work beside events: messages, topics, offsets. The same as `container.get(KafkaClient)`. */
  readonly client: KafkaClient;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.client = new KafkaClient((call) => this.#whileConnected(call));
    this.#lifecycle = new Lifecycle((error) => {
      const message = 'something could not be closed after a start that failed';
      parts.notices.raise({ level: 'error', code: 'CLEANUP_FAILED', message, error });
    });
  }

  get state(): LifecycleState {
    return this.#lifecycle.state;
  }

  /**
   * Resolves when everything runs and every processor has joined its group. A start that fails takes back what it did
   * and rejects with what made it fail: `WIRING_INVALID` (a `WiringError`) with everything that is put together wrongly,
   * before anything connects; `BROKER_UNREACHABLE`, `TOPIC_MISSING`, …; `ILLEGAL_TRANSITION` when it is not the time to start.
   */
  start({ signals = false }: StartOptions = {}): Promise<void> {
    return this.#lifecycle.start(async (begun) => {
      if (signals) begun(this.#listenToSignals());
      await this.#bringUp(begun);
    }, STOP_DEADLINE_MS);
  }

  /**
   * Takes no more events, lets handlers end, sends what they published, commits, leaves the groups, closes the store.
   * What is not done by the deadline is cut off: abandoned deliveries come again after the next start, and unsent events
   * reject their `publish`. Harmless when it does not run.
   */
  stop({ deadlineMs = STOP_DEADLINE_MS }: StopOptions = {}): Promise<void> {
    return this.#lifecycle.stop(deadlineMs);
  }

  /**
   * For what takes work from outside, such as a server: `end` is called first in a stop, or when a start has failed, and the stop
   * is not over before `end` is; meanwhile handlers end and what was published is sent. It is given the deadline, in ms since
   * 1970, and has to end by then. Returns the means to forget it. Throws `ILLEGAL_TRANSITION` when the service stops or has stopped.
   */
  onStop(end: (deadline: number) => void | Promise<void>): () => void {
    return this.#lifecycle.accompany('onStop()', end);
  }

  /** The events that the application registered. Throws what is wrong with one of them: `EVENT_DUPLICATE`, `EVENT_DEFINITION`, … */
  get events(): EventRegistry {
    return (this.#registry ??= new EventRegistry(this.#parts.events));
  }

  /** Where the service speaks up; the same as `container.get(TOKENS.Notices)`. */
  get notices(): Notices {
    return this.#parts.notices;
  }

  /**
   * Looks at everything now, in three seconds at most: service, broker, producer, store and each processor, with since
   * when it is so and what to do. `live` is false when only a restart of the process helps, `ready` is true when the service runs
   * and all is green. Rejects nothing, whatever the state.
   */
  healthCheck(): Promise<Health> {
    return healthOf(this.#lifecycle, this.#running?.health);
  }

  /**
   * What has happened in this process, as plain JSON data; each number is counted where it happens. Answers at once, in
   * every state: only the lag comes from the broker, which is asked every few seconds.
   */
  getStats(): ServiceStats {
    const counted = this.#running === undefined ? NO_STATS : statsOf(this.#running);
    return { state: this.state, since: this.#since.toISOString(), ...counted };
  }

  /**
   * Which promises hold for each event, each processor, listeners and the bridge as they are configured now, with what
   * weakens them and the tests that show them. Topics are as they were read at the start. Throws `ILLEGAL_TRANSITION` when
   * the service does not run.
   */
  promises(): PromiseLedger {
    return ledgerOf(this.#whileRunning('promises()'), this.#parts, this.#topics);
  }

  /** Who publishes, handles and hears what; also before the start, and of an application that would not start. */
  map(): ServiceMap {
    return mapOf(this.#parts);
  }

  /**
   * How far the committed offsets of every processor, of the bridge as `bridge`, and of every consumer of `client` are behind the ends of their topics; asks
   * the broker, and `getStats()` shows the answer from then on. Rejects `ILLEGAL_TRANSITION` when the service does not run.
   */
  async lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    return this.#whileRunning('lag()').lag.ask();
  }

  /**
   * Whether every processor, the bridge and every consumer of `client`, with all members of their groups in every process, have settled every record of their topics,
   * derived ones included, and committed past it, and none came while this was found out. It asks the broker. Rejects
   * with the error of one of them that has failed, since then this would never be true; with `ILLEGAL_TRANSITION` when
   * the service does not run.
   */
  async caughtUp(): Promise<boolean> {
    return caughtUp(this.#whileRunning('caughtUp()'));
  }

  /**
   * The processors: how each of them is, and the means to start one again that has failed. Throws `ILLEGAL_TRANSITION`
   * when the service does not run.
   */
  get processors(): ProcessorManager {
    return this.#whileRunning('processors').processors;
  }

  /**
   * Publishes data by the name of the event, for whoever has no class for it. A registered event is validated and published
   * on the bus, as if an instance had been: listeners here hear it, and in a handler it is staged. It rejects as
   * `bus.publish` does, and `EVENT_UNKNOWN` on another topic than its own. An event that is not registered goes to the
   * topic directly, which has to be configured (`TOPIC_MISSING`), and nobody here hears it; in a handler it goes out at once, and again
   * with a retry. Rejects `ARGUMENT_INVALID`, and `ILLEGAL_TRANSITION` when the service does not run.
   */
  async publishEvent(topic: string, data: object, options: PublishEventOptions): Promise<Receipt> {
    const running = this.#whileConnected('publishEvent()');
    return new EventPublication(this.#parts.bus, this.#parts.config, running).publish(topic, data, options);
  }

  /**
   * Lets a function hear the events of a registered name, as plain data: a listener like those of the bus, not a processor.
   * Allowed before the start too. Returns the unsubscriber. Throws `EVENT_UNKNOWN` with what may have been meant,
   * `VERSION_UNSUPPORTED`, and `ARGUMENT_INVALID`.
   */
  addEventHandler(name: string, handler: DataHandler, options: EventHandlerOptions = {}): () => void {
    return subscribeByName(this.#parts.bus, this.events, name, handler, options);
  }

  /** While it stops, handlers that are given their time may still send. */
  #whileConnected(asked: string): Running {
    if (this.state === 'stopping' && this.#running !== undefined) return this.#running;
    return this.#whileRunning(asked);
  }

  #whileRunning(asked: string): Running {
    if (this.state !== 'running' || this.#running === undefined) throw this.#lifecycle.illegal(asked);
    return this.#running;
  }

  async #bringUp(begun: Begun): Promise<void> {
    const { config, notices } = this.#parts;
    if (config.debug) begun(notices.onNotice((notice) => printNotice(notice, 'info')));
    for (const message of config.warnings) notices.raise({ level: 'warn', code: 'CONFIG_WARNING', message });
    this.#running = await connectParts(this.#parts, begun);
    this.#topics = await open(this.#running, this.#parts, begun);
  }

  #listenToSignals(): () => void {
    const failed = (error: unknown): void => {
      const message = 'the service was stopped by a signal, and not cleanly';
      this.#parts.notices.raise({ level: 'error', code: 'CLEANUP_FAILED', message, error });
    };
    return stopOnSignals(() => this.stop(), failed);
  }
}
