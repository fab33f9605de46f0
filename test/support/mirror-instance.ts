import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What one instance is. */
export interface MirrorInstance {
  readonly serviceName: string;
  readonly topicPrefix: string;
  readonly bootstrapServers: string;
  /** Gets a line `source number` for each event that it heard. */
  readonly heardFile: string;
}

export type MirrorRequest = { readonly kind: 'publish'; readonly from: number; readonly to: number } | { readonly kind: 'caughtUp' };
export type MirrorAnswer =
  | { readonly kind: 'started' }
  | { readonly kind: 'published' }
  | { readonly kind: 'caughtUp'; readonly value: boolean };

/** An instance of a service in a process of its own. One request at a time. */
export class MirrorProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(instance: MirrorInstance): Promise<MirrorProcess> {
    const child = fork(fileURLToPath(new URL('./mirror-child.js', import.meta.url)), [JSON.stringify(instance)], { execArgv: [] });
    const started = new MirrorProcess(child);
    await started.#answer();
    return started;
  }

  async publish(from: number, to: number): Promise<void> {
    await this.#ask({ kind: 'publish', from, to });
  }

  async caughtUp(): Promise<boolean> {
    const answer = await this.#ask({ kind: 'caughtUp' });
    return answer.kind === 'caughtUp' && answer.value;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** Lets it stop by itself. Harmless when it was killed. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  async #ask(request: MirrorRequest): Promise<MirrorAnswer> {
    const answer = this.#answer();
    this.#child.send(request);
    return answer;
  }

  async #answer(): Promise<MirrorAnswer> {
    const ended = new AbortController();
    const onExit = (): void => ended.abort(new Error('the instance has ended'));
    this.#child.once('exit', onExit);
    try {
      const [answer] = (await once(this.#child, 'message', { signal: ended.signal })) as [MirrorAnswer];
      return answer;
    } finally {
      this.#child.off('exit', onExit);
    }
  }
}
