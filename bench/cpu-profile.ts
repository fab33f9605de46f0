import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { basename, dirname } from 'node:path';

import { sharesOf } from './profile-shares.js';

/** A CPU profile of this process, from the first `start` on; Chrome's developer tools and editors open it. */
export class CpuProfile {
  readonly #session = new Session();
  readonly #file: string;
  #started = false;

  constructor(file: string) {
    this.#file = file;
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.start');
  }

  async write(): Promise<void> {
    if (!this.#started) return;
    const { profile } = await this.#session.post('Profiler.stop');
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(profile));
    const shares = sharesOf(profile).map(([owner, share]) => `${owner} ${(share * 100).toFixed(0)} %`);
    console.error(`${basename(this.#file)}: ${shares.join(', ')}`);
    this.#session.disconnect();
  }
}
