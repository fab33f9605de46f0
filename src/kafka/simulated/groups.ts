import type { SimulatedClock } from './clock.js';
import type { Conditions } from './conditions.js';
import { SimulatedGroup } from './group.js';
import type { SimulatedTopics } from './topics.js';

/** The groups of a simulated Kafka, by name. */
export class SimulatedGroups {
  readonly #groups = new Map<string, SimulatedGroup>();
  readonly #make: () => SimulatedGroup;

  /** `onCommit` is told of every commit, and when a member has left. */
  constructor(clock: SimulatedClock, conditions: Conditions, topics: SimulatedTopics, onCommit: () => void) {
    this.#make = () => new SimulatedGroup(clock, conditions, topics, onCommit);
  }

  get names(): readonly string[] {
    return [...this.#groups.keys()];
  }

  find(name: string): SimulatedGroup | undefined {
    return this.#groups.get(name);
  }

  get(name: string): SimulatedGroup {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = this.#make()));
    return group;
  }
}
