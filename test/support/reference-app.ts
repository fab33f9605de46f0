import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Summary } from '../../processors/reference/summary.js';

const MAIN = fileURLToPath(new URL('../../processors/reference/main.js', import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The reference application in a process of its own, as `npm start` runs it. */
export class ReferenceApp {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], { env = {}, stdin }: { env?: Record<string, string>; stdin?: string } = {}) {
    const { KAFKA_BOOTSTRAP_SERVERS: _servers, ...surroundings } = process.env;
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...surroundings, KAFKA_FETCH_MAX_WAIT_MS: '100', ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#child.stdin?.end(stdin);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has written this to stderr; rejects when it ends without. */
  async says(text: string | RegExp): Promise<void> {
    const isIn = (said: string): boolean => (typeof text === 'string' ? said.includes(text) : text.test(said));
    const said = new Promise<void>((resolve) => {
      const look = (): void => {
        if (isIn(this.#stderr)) resolve();
      };
      this.#child.stderr?.on('data', look);
      look();
    });
    const silent = this.ended.then(({ code, stderr }) => {
      if (!isIn(stderr)) throw new Error(`ended with ${code} and never said '${String(text)}':\n${stderr}`);
    });
    await Promise.race([said, silent]);
  }

  /** Waits for a good end (0, or the given exit code) and reads the JSON object on stdout. */
  async summary(expectedCode = 0): Promise<Summary> {
    const { code, signal, stdout, stderr } = await this.ended;
    if (code !== expectedCode) throw new Error(`ended with ${code ?? signal}:\n${stderr}`);
    return JSON.parse(stdout) as Summary;
  }
}
