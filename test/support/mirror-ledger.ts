import type { EventBus } from '../../src/bus/event-bus.js';
import { PublishError } from '../../src/bus/publish-error.js';
import { classOf, EVENTS, type ServicePlan } from './topology.js';

/** A listener answers an event that at most one other answer has led to. */
const MOST_HOPS = 2;

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

/** Lets services publish and listen as planned, and keeps what they have published and heard. */
export class MirrorLedger {
  /** By id. */
  readonly published = new Map<string, Published>();
  /** How many times each service has heard each event, by id. */
  readonly heard: readonly Map<string, number>[];
  /** By service, the ids of the events that it has answered with one that is safe. */
  readonly answered: readonly Set<string>[];
  /** Calls of `publish` whose event is on the log or may be. */
  sendings = 0;
  /** Calls of `publish` that have not settled. */
  pending = 0;
  readonly #services: readonly ServicePlan[];
  #numbers = 0;

  constructor(services: readonly ServicePlan[]) {
    this.#services = services;
    this.heard = services.map(() => new Map());
    this.answered = services.map(() => new Set());
  }

  /** Whether a service listens to an event. */
  listens(service: number, event: number): boolean {
    return this.#services[service]!.roles[event]!.listens;
  }

  /** Whether it hears the event when others publish it. */
  isInterested(service: number, { event, isLocal }: Published): boolean {
    const { direction, listens } = this.#services[service]!.roles[event]!;
    return listens && !isLocal && (direction === 'in' || direction === 'both');
  }

  /** Whether a service that hears an event publishes another because of it. */
  answers(service: number, { event, hops }: Published): boolean {
    const { roles } = this.#services[service]!;
    const { answers } = roles[event]!;
    return answers !== undefined && hops < MOST_HOPS && roles[answers]!.direction !== 'in';
  }

  /** How many times an event was heard by another service than the one that published it. */
  get mirrored(): number {
    const foreign = this.heard.flatMap((heard, service) => [...heard].filter(([id]) => this.published.get(id)?.service !== service));
    return foreign.reduce((sum, [, times]) => sum + times, 0);
  }

  /** The listeners of one instance of a service. */
  listen(service: number, bus: EventBus): void {
    this.#services[service]!.roles.forEach(({ direction, listens, answers }, event) => {
      if (!listens) return;
      bus.subscribe(classOf(event, direction), async ({ hops }, { metadata }) => {
        const heard = this.heard[service]!;
        heard.set(metadata.id, (heard.get(metadata.id) ?? 0) + 1);
        if (answers !== undefined && hops < MOST_HOPS) await this.publish(service, bus, answers, hops + 1, metadata.id);
      });
    });
  }

  /** Publishes by one instance of a service, unless the event only comes in there. Rejects with what is no fate of an event. */
  async publish(service: number, bus: EventBus, event: number, hops = 0, cause?: string): Promise<void> {
    const { direction } = this.#services[service]!.roles[event]!;
    if (direction === 'in') return;
    const what = { service, event, isLocal: direction === 'local', hops };
    this.pending++;
    try {
      const { envelope } = await bus.publish(new (classOf(event, direction))({ text: `${EVENTS[event]} ${this.#numbers++ % 7}`, hops }));
      this.#count(envelope.id, what, true);
      if (cause !== undefined) this.answered[service]!.add(cause);
      if (!what.isLocal) this.sendings++;
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      this.#count(error.envelope.id, what, false);
      if (error.certainty === 'unknown') this.sendings++;
    } finally {
      this.pending--;
    }
  }

  #count(id: string, what: Omit<Published, 'calls' | 'isSafe'>, isSafe: boolean): void {
    const published = this.published.get(id) ?? { ...what, calls: 0, isSafe: false };
    published.calls++;
    published.isSafe ||= isSafe;
    this.published.set(id, published);
  }
}
