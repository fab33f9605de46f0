import { BusbarError } from '../errors.js';
import type { Processor } from './processor.js';
import { settingsOf } from './processor-options.js';
import { type PartitionLag, type ProcessorEnvironment, ProcessorRunner, type ProcessorStatus } from './processor-runner.js';

/** Starts, stops and watches the processors of a service. */
export class ProcessorManager {
  readonly #environment: ProcessorEnvironment;
  readonly #runners = new Map<string, ProcessorRunner>();

  constructor(environment: ProcessorEnvironment) {
    this.#environment = environment;
  }

  /** Adds a processor; it reads nothing before it is started. Throws `WIRING_INVALID` for a name that is taken. */
  add(processor: Processor): ProcessorRunner {
    const settings = settingsOf(processor.constructor as new () => Processor);
    if (settings === undefined) {
      throw new BusbarError('WIRING_INVALID', `${processor.constructor.name} has no @ProcessorOptions({ name: '…' })`);
    }
    if (this.#runners.has(settings.name)) {
      throw new BusbarError(
        'WIRING_INVALID',
        `two processors are named '${settings.name}': a name is a consumer group, give one of them another`,
      );
    }
    const runner = new ProcessorRunner(processor, settings, this.#environment);
    this.#runners.set(settings.name, runner);
    return runner;
  }

  /** Starts them all. When one cannot start, the others are stopped again and the rejection is its error. */
  async start(): Promise<void> {
    const results = await Promise.allSettled([...this.#runners.values()].map((runner) => runner.start()));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) return;
    await this.stop();
    throw failure.reason;
  }

  /** Stops them all; what runs has `drainMs` to end. */
  async stop(drainMs?: number): Promise<void> {
    const results = await Promise.allSettled([...this.#runners.values()].map((runner) => runner.stop(drainMs)));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, 'some processors did not stop cleanly');
  }

  /** Of every processor, by name. */
  status(): ReadonlyMap<string, ProcessorStatus> {
    return new Map([...this.#runners].map(([name, runner]) => [name, runner.status()]));
  }

  /** Of every processor, by name; asks the broker. */
  async lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    return new Map(await Promise.all([...this.#runners].map(async ([name, runner]) => [name, await runner.lag()] as const)));
  }

  /** Throws `WIRING_INVALID` for a name that no processor has. */
  runner(name: string): ProcessorRunner {
    const runner = this.#runners.get(name);
    if (runner !== undefined) return runner;
    throw new BusbarError('WIRING_INVALID', `no processor is named '${name}': there are ${[...this.#runners.keys()].join(', ') || 'none'}`);
  }
}
