import type { SimulatedGroup } from './group.js';

/** The groups of a simulated Kafka, by name. */
export class SimulatedGroups {
  readonly #groups = new Map<string, SimulatedGroup>();
  readonly #make: (name: string) => SimulatedGroup;

  constructor(make: (name: string) => SimulatedGroup) {
    this.#make = make;
  }

  all(): readonly SimulatedGroup[] {
    return [...this.#groups.values()];
  }

  find(name: string): SimulatedGroup | undefined {
    return this.#groups.get(name);
  }

  get(name: string): SimulatedGroup {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = this.#make(name)));
    return group;
  }
}
