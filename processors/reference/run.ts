import { EventBus, EventRegistry, KafkaService, printNotice, TOKENS, type KafkaConfig, type Notices } from 'busbar';
import { serveHttp } from 'busbar/http';
import { sqliteStore, type Store } from 'busbar/store';
import Libsql from 'libsql';

import { assemble, configure, EVENTS } from './application.js';
import { Feeder } from './feeder.js';
import { readFigures } from './figures.js';
import { openInput, type Input } from './input.js';
import type { Options } from './options.js';
import { Progress } from './progress.js';
import { summaryText, type Summary } from './summary.js';
import { untilSettled } from './until-settled.js';
import { openWorkspace, type Workspace } from './workspace.js';

const SLOW_START_MS = 5_000;

/**
 * Runs the reference application until it is done or `stop` is aborted, and returns the exit code. Rejects on failure,
 * when everything has been taken down again.
 */
export async function run(options: Options, stop: AbortController): Promise<number> {
  const input = await openInput(options, stop.signal);
  const workspace = await openWorkspace(options.dataDir);
  try {
    const rejected = await new Run(options, input, workspace, stop).toTheEnd();
    return rejected > 0 ? 3 : 0;
  } finally {
    await workspace.release();
  }
}

class Run {
  readonly #options: Options;
  readonly #input: Input | undefined;
  readonly #stop: AbortController;
  readonly #store: Store;
  readonly #config: KafkaConfig;
  readonly #service: KafkaService;
  readonly #feeder: Feeder;
  readonly #progress: Progress;
  #began = 0;
  #told = false;
  #crash: { readonly error: unknown } | undefined;

  constructor(options: Options, input: Input | undefined, workspace: Workspace, stop: AbortController) {
    this.#options = options;
    this.#input = input;
    this.#stop = stop;
    this.#store = sqliteStore({ open: () => new Libsql(workspace.store) });
    this.#config = configure(process.env, workspace.kafka);
    const container = assemble(this.#config, this.#store);
    this.#service = container.get(KafkaService);
    this.#feeder = new Feeder(container.get(EventBus), new EventRegistry(EVENTS), (line, reason) => {
      this.#progress.say(`line ${line}: ${reason.replaceAll(/\p{Cc}/gu, '\uFFFD')}`);
    });
    this.#progress = new Progress(process.stderr, () => ({
      input: this.#feeder.counts,
      outcomes: Object.values(this.#outcomes()),
    }));
    this.#listenTo(container.get<Notices>(TOKENS.Notices));
  }

  /** Resolves to the number of rejected lines. */
  async toTheEnd(): Promise<number> {
    this.#announce();
    await this.#serve();
    await this.#start();
    this.#began = performance.now();
    this.#progress.start();
    try {
      await this.#work();
    } catch (error) {
      // What made it fail is what its caller is told.
      await this.#end().catch((cause: unknown) => this.#progress.say(`It did not stop cleanly: ${String(cause)}`));
      throw error;
    }
    await this.#end();
    if (this.#crash !== undefined) throw this.#crash.error;
    // Interrupted before there was anything to tell, or there was nothing to wait for: what is known now is the summary.
    if (!this.#told) await this.#reopened(() => this.#tell());
    return this.#feeder.counts.rejected;
  }

  /** From before the start, so that its health can be asked for; the service closes it. */
  async #serve(): Promise<void> {
    const { port } = this.#options;
    if (port === undefined) return;
    const { address } = await serveHttp(this.#service, { port });
    this.#progress.say(`HTTP: ${address}`);
  }

  async #start(): Promise<void> {
    const explanation = 'Still joining the consumer groups: after a crash, Kafka waits a while for the members that are gone.';
    const slow = setTimeout(() => this.#progress.say(explanation), SLOW_START_MS);
    try {
      await this.#service.start();
    } finally {
      clearTimeout(slow);
    }
  }

  async #end(): Promise<void> {
    this.#progress.stop();
    await this.#service.stop();
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    if (this.#input !== undefined) await this.#feeder.feed(this.#input.lines, signal);
    if (this.#input !== undefined || this.#options.exit) {
      await untilSettled(() => this.#service.caughtUp(), this.#config.deliveryTimeoutMs, signal);
      if (!signal.aborted) await this.#tell();
    }
    if (this.#options.exit) return;
    this.#progress.say('Serving; Ctrl-C stops.');
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  #outcomes(): Summary['outcomes'] {
    const { processors } = this.#service.getStats();
    return Object.fromEntries(Object.entries(processors).map(([name, { outcomes }]) => [name, outcomes]));
  }

  async #tell(): Promise<void> {
    this.#told = true;
    const elapsedMs = Math.round(performance.now() - this.#began);
    const input = this.#feeder.counts;
    const summary: Summary = {
      input,
      outcomes: this.#outcomes(),
      ...(await readFigures(this.#store)),
      elapsedMs,
      eventsPerSecond: Math.round((input.published * 1000) / Math.max(1, elapsedMs)),
      broker: this.#broker,
    };
    this.#progress.end();
    process.stdout.write(this.#options.json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
  }

  async #reopened(work: () => Promise<void>): Promise<void> {
    await this.#store.open();
    try {
      await work();
    } finally {
      await this.#store.close();
    }
  }

  get #broker(): string {
    if (!this.#config.enabled) return 'memory';
    return this.#config.embedded === undefined ? this.#config.bootstrapServers.join(',') : 'embedded';
  }

  #announce(): void {
    const { dataDir } = this.#options;
    const kept = dataDir === undefined ? 'in a temporary directory' : `kept in ${dataDir}`;
    const broker = {
      embedded: 'embedded Kafka (KAFKA_BOOTSTRAP_SERVERS is not set) and store',
      memory: 'none (KAFKA_ENABLED=false), store',
    };
    const name = this.#broker;
    const said = name === 'embedded' || name === 'memory' ? broker[name] : `Kafka at ${name}, store`;
    this.#progress.say(`Broker: ${said} ${kept}.`);
    if (this.#input !== undefined) this.#progress.say(`Input: ${this.#input.name}.`);
  }

  #listenTo(notices: Notices): void {
    notices.onNotice((notice) => {
      if (notice.level !== 'info') this.#progress.end();
      // With KAFKA_DEBUG the service prints them all itself.
      if (!this.#config.debug) printNotice(notice);
      if (notice.code !== 'EMBEDDED_CRASHED') return;
      this.#crash ??= { error: notice.error };
      this.#stop.abort();
    });
  }
}
