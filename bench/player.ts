import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Measurement } from './contender.js';
import type { Answer, Command, Play } from './contender-process.js';

/**
 * A contender as its parent sees it. Each has its own process: once AsyncLocalStorage was used, every promise of that
 * process costs more, and what one contender leaves to the garbage collector another would have to clear away.
 */
export class Player {
  readonly #child: ChildProcess;
  readonly #name: string;

  private constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  static async start(play: Play): Promise<Player> {
    const entry = fileURLToPath(new URL('contender-process.js', import.meta.url));
    const child = fork(entry, [JSON.stringify(play)], { execArgv: ['--expose-gc'], stdio: ['ignore', 2, 2, 'ipc'] });
    const player = new Player(child, play.contender);
    await player.#answer();
    return player;
  }

  async round(round: 'warmUp' | 'measured'): Promise<Measurement> {
    this.#tell({ round });
    const answer = await this.#answer();
    if ('measurement' in answer) return answer.measurement;
    throw new Error(`${this.#name} answered ${JSON.stringify(answer)} to a round`);
  }

  async close(): Promise<void> {
    this.#tell('close');
    await this.#answer();
    this.#child.disconnect();
  }

  #tell(command: Command): void {
    this.#child.send(command);
  }

  async #answer(): Promise<Answer> {
    const enough = new AbortController();
    const { signal } = enough;
    const died = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the process of ${this.#name} has ended with code ${code}`);
    });
    const answered = once(this.#child, 'message', { signal }).then(([answer]) => answer as Answer);
    try {
      return await Promise.race([answered, died]);
    } finally {
      enough.abort();
      await Promise.allSettled([died, answered]);
    }
  }
}
