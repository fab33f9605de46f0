import { nearest } from '../config/nearest.js';
import { BusbarError } from '../errors.js';
import { nothingLeft, type PartitionLag } from '../inbound/lag.js';
import type { Processor } from './processor.js';
import type { ProcessorEnvironment } from './processor-environment.js';
import { settingsOf } from './processor-options.js';
import { ProcessorRunner } from './processor-runner.js';
import type { ProcessorStatus } from './processor-status.js';

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

  /** Full names of the topics that each group reads. */
  get groups(): ReadonlyMap<string, readonly string[]> {
    return new Map(Array.from(this.#runners.values(), ({ group, topics }) => [group, topics]));
  }

  /** Full names of the topics that they read. */
  get topics(): readonly string[] {
    return [...new Set([...this.#runners.values()].flatMap(({ topics }) => topics))];
  }

  /** Starts them all. When one cannot start, the others are stopped again and the rejection is its error. */
  async start(): Promise<void> {
    const results = await Promise.allSettled([...this.#runners.values()].map((runner) => runner.start()));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) return;
    await this.stop().catch((error: unknown) => {
      const message = 'some processors did not stop cleanly after a start that failed';
      this.#environment.notices.raise({ level: 'error', code: 'CLEANUP_FAILED', message, error });
    });
    throw failure.reason;
  }

  /** Stops them all; what runs has `drainMs` to end. */
  async stop(drainMs?: number): Promise<void> {
    const results = await Promise.allSettled([...this.#runners.values()].map((runner) => runner.stop(drainMs)));
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, 'some processors did not stop cleanly');
  }

  /**
   * Lets one begin nothing new until `resume`, here and not in other processes; it stays in its group and keeps its
   * partitions. Resolves when what had begun has ended, after 9 s at the latest, and what is settled is committed. Rejects
   * `ILLEGAL_TRANSITION` when it does not run, or was resumed or stopped meanwhile.
   */
  async pause(name: string): Promise<void> {
    await this.runner(name).pause();
  }

  /** Lets a paused one go on at its first unsettled record. Throws `ILLEGAL_TRANSITION` when it does not run. */
  resume(name: string): void {
    this.runner(name).resume();
  }

  /** Stops one, if it runs, and starts it: it goes on at its first unsettled record, also when it was paused. */
  async restart(name: string): Promise<void> {
    const runner = this.runner(name);
    await runner.stop();
    await runner.start();
  }

  /** What each processor handles and how it is set up, in the order of `add`. */
  described(): readonly Pick<ProcessorRunner, 'name' | 'handles' | 'settings'>[] {
    return [...this.#runners.values()];
  }

  /** Of every processor, by name. */
  status(): ReadonlyMap<string, ProcessorStatus> {
    return new Map([...this.#runners].map(([name, runner]) => [name, runner.status()]));
  }

  /** Of every processor, by name; asks the broker. */
  async lag(): Promise<ReadonlyMap<string, readonly PartitionLag[]>> {
    const lags = new Map<string, readonly PartitionLag[]>();
    for (const [name, runner] of this.#runners) lags.set(name, await runner.lag());
    return lags;
  }

  /** Whether every group has committed past every record of its topics. Rejects with the error of a processor that has failed. */
  async caughtUp(): Promise<boolean> {
    this.refuseFailed();
    return nothingLeft(async () => [...(await this.lag()).values()].flat());
  }

  /** Throws the error of a processor that has failed. */
  refuseFailed(): void {
    const failed = [...this.status().values()].find(({ state }) => state === 'failed');
    if (failed !== undefined) throw failed.error;
  }

  /** Throws `ARGUMENT_INVALID` for a name that no processor has. */
  runner(name: string): ProcessorRunner {
    const runner = this.#runners.get(name);
    if (runner !== undefined) return runner;
    const names = [...this.#runners.keys()];
    const meant = nearest(name, names);
    const instead = meant === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean '${meant}'?`;
    throw new BusbarError('ARGUMENT_INVALID', `no processor is named '${name}': ${instead}`);
  }
}
