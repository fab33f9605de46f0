import type { PublishError } from '../../src/bus/publish-error.js';
import type { SimulatedDriver } from '../../src/kafka/simulated/driver.js';
import { SimulatedKafka } from '../../src/kafka/simulated/simulated-kafka.js';
import { VirtualClock } from '../../src/kafka/simulated/virtual-clock.js';
import { SimulatedInstance, type Defect } from './simulated-instance.js';
import { classOf, EVENTS, TOPICS, type ServicePlan, type Step, type Topology } from './topology.js';

/** A listener answers an event that at most one other answer has led to. */
const MOST_HOPS = 2;
const SESSION_MS = 3_000;
/** So short that commits and what happens meanwhile come in any order. */
const COMMIT_INTERVAL_MS = 10;

/** What became of the calls of `publish` for one event. */
export interface Published {
  readonly service: number;
  readonly event: number;
  readonly isLocal: boolean;
  /** How many answers led to it. */
  readonly hops: number;
  calls: number;
  /** Some call has resolved: it is on the log, unless it is local. */
  isSafe: boolean;
}

interface Running {
  readonly driver: SimulatedDriver;
  readonly instance: SimulatedInstance;
}

/** The services of a topology on one simulated Kafka, and what they have published and heard. */
export class Landscape {
  /** By id. */
  readonly published = new Map<string, Published>();
  /** How many times each service has heard each event, by id. */
  readonly heard: readonly Map<string, number>[];
  /** By service, the ids of the events that it has answered with one that is safe. */
  readonly answered: readonly Set<string>[];
  /** Calls of `publish` whose event is on the log or may be. */
  sendings = 0;
  readonly #clock = new VirtualClock();
  readonly #kafka: SimulatedKafka;
  readonly #topology: Topology;
  readonly #defect: Defect | undefined;
  readonly #running: Running[][];
  #pending = 0;
  #numbers = 0;

  private constructor(topology: Topology, defect: Defect | undefined) {
    const { seed, disturbances, services } = topology;
    this.#topology = topology;
    this.#defect = defect;
    this.#kafka = new SimulatedKafka({
      seed,
      disturbances,
      clock: this.#clock,
      sessionTimeoutMs: SESSION_MS,
      commitIntervalMs: COMMIT_INTERVAL_MS,
    });
    this.heard = services.map(() => new Map());
    this.answered = services.map(() => new Set());
    this.#running = services.map(() => []);
  }

  /** Plays all steps and waits until every service has heard everything, and nothing is left to happen. */
  static async played(topology: Topology, defect?: Defect): Promise<Landscape> {
    const landscape = new Landscape(topology, defect);
    await landscape.#play();
    return landscape;
  }

  /** Records on the log, without those that were appended again. */
  get records(): number {
    const all = [...new Set(TOPICS)].flatMap((topic) => this.#kafka.log(topic));
    return all.reduce((sum, { length }) => sum + length, 0) - this.#kafka.appendedAgain;
  }

  /** Records that were appended again. */
  get copies(): number {
    return this.#kafka.appendedAgain;
  }

  /** Whether a service listens to an event. */
  readonly listens = (service: number, event: number): boolean => this.#topology.services[service]!.roles[event]!.listens;

  /** Whether a service that hears an event publishes another because of it. */
  readonly answers = (service: number, { event, hops }: Published): boolean => {
    const { roles } = this.#topology.services[service]!;
    const { answers } = roles[event]!;
    return answers !== undefined && hops < MOST_HOPS && roles[answers]!.direction !== 'in';
  };

  /** How many times an event was heard by another service than the one that published it. */
  get mirrored(): number {
    const foreign = this.heard.flatMap((heard, service) => [...heard].filter(([id]) => this.published.get(id)?.service !== service));
    return foreign.reduce((sum, [, times]) => sum + times, 0);
  }

  async #play(): Promise<void> {
    const { services, steps } = this.#topology;
    const specs = [...new Set(TOPICS)].map((topic) => ({ topic, partitions: 3, replicationFactor: 1, configs: {} }));
    await this.#clock.during(this.#kafka.driver().admin.ensureTopics(specs));
    const starts = services.flatMap(({ instances }, service) => Array.from({ length: instances }, () => this.#start(service)));
    await this.#clock.during(Promise.all(starts));
    for (const step of steps) await this.#take(step);
    await this.#clock.until(() => this.#pending === 0 && this.#kafka.isCaughtUp);
    await this.#clock.runToIdle();
    await this.#clock.during(Promise.all(this.#running.flat().map(({ instance }) => instance.stop())));
  }

  async #take(step: Step): Promise<void> {
    if (step.kind === 'wait') return this.#clock.advance(step.ms);
    const service = step.service % this.#running.length;
    const instances = this.#running[service]!;
    const place = step.instance % instances.length;
    const { driver, instance } = instances[place]!;
    if (step.kind === 'publish') return void this.#publish(service, instance, step.event, 0);
    instances.splice(place, 1);
    if (step.kind === 'crash') driver.crash();
    await this.#clock.during(instance.stop());
    await this.#clock.during(this.#start(service));
  }

  async #start(service: number): Promise<void> {
    const plan = this.#topology.services[service]!;
    const driver = this.#kafka.driver();
    const classes = plan.roles.map(({ direction }, event) => classOf(event, direction));
    const instance = new SimulatedInstance(`service-${service}`, driver, classes, this.#defect);
    this.#running[service]!.push({ driver, instance });
    this.#listen(service, plan, instance);
    await instance.start();
  }

  #listen(service: number, { roles }: ServicePlan, instance: SimulatedInstance): void {
    roles.forEach(({ direction, listens, answers }, event) => {
      if (!listens) return;
      instance.bus.subscribe(classOf(event, direction), async ({ hops }, { metadata }) => {
        const heard = this.heard[service]!;
        heard.set(metadata.id, (heard.get(metadata.id) ?? 0) + 1);
        if (answers !== undefined && hops < MOST_HOPS) await this.#publish(service, instance, answers, hops + 1, metadata.id);
      });
    });
  }

  /** Never rejects. */
  async #publish(service: number, instance: SimulatedInstance, event: number, hops: number, cause?: string): Promise<void> {
    const { direction } = this.#topology.services[service]!.roles[event]!;
    if (direction === 'in') return;
    const isLocal = direction === 'local';
    this.#pending++;
    const note = new (classOf(event, direction))({ text: `${EVENTS[event]} ${this.#numbers++ % 7}`, hops });
    try {
      const { envelope } = await instance.bus.publish(note);
      this.#count(envelope.id, { service, event, isLocal, hops }, true);
      if (cause !== undefined) this.answered[service]!.add(cause);
      if (!isLocal) this.sendings++;
    } catch (error) {
      // Its process has crashed.
      const { envelope, certainty } = error as PublishError;
      this.#count(envelope.id, { service, event, isLocal, hops }, false);
      if (certainty === 'unknown') this.sendings++;
    } finally {
      this.#pending--;
    }
  }

  #count(id: string, what: Omit<Published, 'calls' | 'isSafe'>, isSafe: boolean): void {
    const published = this.published.get(id) ?? { ...what, calls: 0, isSafe: false };
    published.calls++;
    published.isSafe ||= isSafe;
    this.published.set(id, published);
  }
}
