import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The part of `process` that signals need. */
export type SignalTarget = Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'pid' | 'exit' | 'listenerCount'>;

/**
 * On the first SIGTERM or SIGINT `stop` runs, and then the process ends by that signal, unless the application listens
 * to the signal too: then it decides. A second signal ends the process at once. Returns the uninstaller. A rejection of
 * `stop` goes to `onFailed`.
 */
export function stopOnSignals(stop: () => Promise<void>, onFailed: (error: unknown) => void, target: SignalTarget = process): () => void {
  let stopping = false;
  const uninstall = (): void => {
    for (const signal of SIGNALS) target.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      uninstall();
      target.exit(128 + constants.signals[signal]);
      return;
    }
    stopping = true;
    void stop()
      .catch(onFailed)
      .finally(() => {
        uninstall();
        if (target.listenerCount(signal) === 0) target.kill(target.pid, signal);
      });
  };
  for (const signal of SIGNALS) target.on(signal, onSignal);
  return uninstall;
}
