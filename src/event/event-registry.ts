import { BusbarError, type ErrorCode } from '../errors.js';
import type { Contract, EventClass } from './contract.js';
import { contractOf } from './contract-of.js';

/**
 * The events that an application knows, by wire name and version; the names of the classes mean nothing. The
 * constructor throws `NOT_AN_EVENT`, `EVENT_DEFINITION` or `EVENT_DUPLICATE` (the first kind of these that there is) with
 * every class that has a problem.
 */
export class EventRegistry {
  /** In the order of the versions. */
  readonly #byName = new Map<string, Contract[]>();
  readonly #namesByTopic = new Map<string, Set<string>>();

  constructor(classes: Iterable<EventClass>) {
    const problems: BusbarError[] = [];
    for (const eventClass of new Set(classes)) {
      try {
        this.#add(contractOf(eventClass));
      } catch (error) {
        if (!(error instanceof BusbarError)) throw error;
        problems.push(error);
      }
    }
    if (problems.length > 0) throw together(problems);
  }

  contracts(): Contract[] {
    return [...this.#byName.values()].flat();
  }

  /** Every version of a name, oldest first. */
  named(name: string): Contract[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** Whether events of this name belong on this topic (given without the prefix). */
  allows(topic: string, name: string): boolean {
    return this.#namesByTopic.get(topic)?.has(name) ?? false;
  }

  /**
   * The contract that reads `version` of an event: the one of that version, else the lowest newer one that has an upcast.
   * `among` narrows it down to what a reader handles.
   */
  resolve(name: string, version: number, among?: readonly Contract[]): Contract | undefined {
    let upcasting: Contract | undefined;
    for (const contract of this.#byName.get(name) ?? []) {
      if (among !== undefined && !among.includes(contract)) continue;
      if (contract.version === version) return contract;
      if (contract.version > version && contract.upcast !== undefined) upcasting ??= contract;
    }
    return upcasting;
  }

  #add(contract: Contract): void {
    const { name, version, topic, eventClass } = contract;
    const versions = this.#byName.get(name) ?? [];
    const twin = versions.find((other) => other.version === version);
    if (twin !== undefined) {
      throw new BusbarError(
        'EVENT_DUPLICATE',
        `${name} version ${version} is declared by ${twin.eventClass.name} and by ${eventClass.name}: raise the version of one or rename it`,
      );
    }
    this.#byName.set(
      name,
      [...versions, contract].sort((one, other) => one.version - other.version),
    );
    const names = this.#namesByTopic.get(topic) ?? new Set();
    this.#namesByTopic.set(topic, names.add(name));
  }
}

const ORDER: readonly ErrorCode[] = ['NOT_AN_EVENT', 'EVENT_DEFINITION', 'EVENT_DUPLICATE'];

function together(problems: readonly BusbarError[]): BusbarError {
  const [code] = ORDER.filter((each) => problems.some((problem) => problem.code === each));
  if (problems.length === 1 || code === undefined) return problems[0] as BusbarError;
  return new BusbarError(code, problems.map(({ message }) => message).join('\n'), { cause: new AggregateError(problems) });
}
