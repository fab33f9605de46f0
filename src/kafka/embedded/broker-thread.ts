import { Worker } from 'node:worker_threads';

import { BusbarError } from '../../errors.js';
import { Notices } from '../../telemetry/notices.js';
import { brokerModule } from './broker-artefact.js';
import type { Call, Operation, Report } from './broker-messages.js';
import type { BrokerWorkerData } from './broker-worker.js';
import { brokerSettings, type EmbeddedKafkaOptions } from './options.js';

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: BusbarError): void;
}

/** The main thread's end of one worker: calls go in, their results come out, and its end is noticed. */
export class BrokerThread {
  /** Of the nodes, in the order they were started. `EMBEDDED_FAILED`, e.g. when a port is taken. */
  readonly started: Promise<readonly string[]>;
  /** Settles when the thread is gone: to undefined after `stop`, else to the crash. Never rejects. */
  readonly ended: Promise<BusbarError | undefined>;

  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;
  #stopping = false;
  #crash: BusbarError | undefined;

  static async start(options: EmbeddedKafkaOptions, dataDir: string): Promise<BrokerThread> {
    const settings = brokerSettings(options, dataDir);
    return new BrokerThread({ settings, tls: options.tls, module: await brokerModule() }, options.notices ?? new Notices());
  }

  private constructor(data: BrokerWorkerData, notices: Notices) {
    this.#worker = new Worker(new URL('broker-worker.js', import.meta.url), {
      name: 'busbar-embedded-kafka',
      execArgv: [],
      workerData: data,
    });
    const ended = this.#watch();
    this.started = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: Report) => {
        if (message.type === 'ready') resolve(message.addresses);
        else if (message.type === 'failed')
          reject(new BusbarError('EMBEDDED_FAILED', `the embedded Kafka broker did not start: ${message.message}`));
        else if (message.type === 'log') notices.raise({ level: message.level, code: 'EMBEDDED_LOG', message: message.line });
        else this.#answer(message);
      });
      void ended.then(reject);
    });
    this.ended = ended;
    this.started.catch(() => undefined); // the caller of `start` awaits it; a crash before that is no second report
  }

  /** Runs one operation. `EMBEDDED_FAILED` when the broker refuses it, `EMBEDDED_CRASHED` when it is gone or goes meanwhile. */
  call<T>(operation: Operation): Promise<T> {
    if (this.#crash !== undefined) return Promise.reject(this.#crash);
    if (this.#stopping) return Promise.reject(new BusbarError('EMBEDDED_FAILED', 'the embedded Kafka broker was stopped'));
    this.#stopping = operation.op === 'stop';
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: (result) => resolve(result as T), reject });
      this.#worker.postMessage({ id, operation } satisfies Call);
    });
  }

  /** Flushes, closes every connection and ends the thread. */
  async stop(): Promise<void> {
    if (!this.#stopping) await this.call({ op: 'stop' }).catch(() => undefined); // a crash is what `ended` tells
    await this.ended;
  }

  #answer(message: Extract<Report, { type: 'result' | 'refused' }>): void {
    const call = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'result') call?.resolve(message.result);
    else call?.reject(new BusbarError('EMBEDDED_FAILED', message.message));
  }

  #watch(): Promise<BusbarError | undefined> {
    let cause: unknown;
    this.#worker.on('error', (error) => (cause = error));
    return new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        if (!this.#stopping || code !== 0) {
          const why = cause instanceof Error ? cause.message : `its thread ended with code ${code}`;
          this.#crash = new BusbarError('EMBEDDED_CRASHED', `the embedded Kafka broker ended unexpectedly: ${why}`, { cause });
        }
        const gone = this.#crash ?? new BusbarError('EMBEDDED_FAILED', 'the embedded Kafka broker was stopped');
        for (const call of this.#pending.values()) call.reject(gone);
        this.#pending.clear();
        resolve(this.#crash);
      });
    });
  }
}
