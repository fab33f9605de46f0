import type { SimulatedDriver } from '../../src/kafka/simulated/driver.js';
import { SimulatedKafka } from '../../src/kafka/simulated/simulated-kafka.js';
import { VirtualClock } from '../../src/kafka/simulated/virtual-clock.js';
import { MirrorLedger } from './mirror-ledger.js';
import { SimulatedInstance, type Defect } from './simulated-instance.js';
import { classOf, TOPICS, type Step, type Topology } from './topology.js';

const SESSION_MS = 3_000;
/** So short that commits and what happens meanwhile come in any order. */
const COMMIT_INTERVAL_MS = 10;

interface Running {
  readonly driver: SimulatedDriver;
  readonly instance: SimulatedInstance;
}

/** The services of a topology on one simulated Kafka. */
export class Landscape {
  readonly ledger: MirrorLedger;
  readonly #clock = new VirtualClock();
  readonly #kafka: SimulatedKafka;
  readonly #topology: Topology;
  readonly #defect: Defect | undefined;
  readonly #running: Running[][];
  readonly #publishing: Promise<void>[] = [];

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
    this.ledger = new MirrorLedger(services);
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

  async #play(): Promise<void> {
    const { services, steps } = this.#topology;
    const specs = [...new Set(TOPICS)].map((topic) => ({ topic, partitions: 3, replicationFactor: 1, configs: {} }));
    await this.#clock.during(this.#kafka.driver().admin.ensureTopics(specs));
    const starts = services.flatMap(({ instances }, service) => Array.from({ length: instances }, () => this.#start(service)));
    await this.#clock.during(Promise.all(starts));
    for (const step of steps) await this.#take(step);
    await this.#clock.during(Promise.all(this.#publishing));
    await this.#clock.until(() => this.ledger.pending === 0 && this.#kafka.isCaughtUp);
    await this.#clock.runToIdle();
    await this.#clock.during(Promise.all(this.#running.flat().map(({ instance }) => instance.stop())));
  }

  async #take(step: Step): Promise<void> {
    if (step.kind === 'wait') return this.#clock.advance(step.ms);
    const service = step.service % this.#running.length;
    const instances = this.#running[service]!;
    const place = step.instance % instances.length;
    const { driver, instance } = instances[place]!;
    if (step.kind === 'publish') {
      this.#publishing.push(this.ledger.publish(service, instance.bus, step.event));
      return;
    }
    instances.splice(place, 1);
    if (step.kind === 'crash') driver.crash();
    await this.#clock.during(instance.stop());
    await this.#clock.during(this.#start(service));
  }

  async #start(service: number): Promise<void> {
    const { roles } = this.#topology.services[service]!;
    const driver = this.#kafka.driver();
    const classes = roles.map(({ direction }, event) => classOf(event, direction));
    const instance = new SimulatedInstance(`service-${service}`, driver, classes, this.#defect);
    this.#running[service]!.push({ driver, instance });
    this.ledger.listen(service, instance.bus);
    await instance.start();
  }
}
