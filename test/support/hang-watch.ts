import { Worker } from 'node:worker_threads';

/**
 * Ends the process, and says at which number, when a step takes so long that nothing else in it can say so: a loop that
 * never ends leaves no turn to a timer.
 */
export class HangWatch {
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  /** `say` is printed with `#` replaced by the number. */
  constructor(hangMs: number, say: string) {
    this.#worker = new Worker(
      `const { workerData: { state, hangMs, say } } = require('node:worker_threads');
       for (let turn = 0; ; ) {
         if (Atomics.wait(state, 1, turn, hangMs) === 'timed-out') {
           require('node:fs').writeSync(2, say.replace('#', String(state[0])) + '\\n');
           process.kill(process.pid, 'SIGKILL');
         }
         turn = Atomics.load(state, 1);
         if (turn < 0) break;
       }`,
      { eval: true, workerData: { state: this.#state, hangMs, say } },
    );
  }

  /** The step with this number begins. */
  step(number: number): void {
    this.#state[0] = number;
    Atomics.add(this.#state, 1, 1);
    Atomics.notify(this.#state, 1);
  }

  async stop(): Promise<void> {
    Atomics.store(this.#state, 1, -1);
    Atomics.notify(this.#state, 1);
    await this.#worker.terminate();
  }
}
