import { EventEmitter } from 'node:events';

import { describe, expect, it } from 'vitest';

import { stopOnSignals, type SignalTarget } from '../../src/service/signals.js';

/** A process that notes how it ends. */
class FakeProcess extends EventEmitter {
  readonly pid = 4711;
  readonly endings: unknown[][] = [];
  kill(...args: unknown[]): true {
    this.endings.push(['kill', ...args]);
    return true;
  }
  exit(code: number): never {
    this.endings.push(['exit', code]);
    return undefined as never;
  }
}

function scene() {
  const target = new FakeProcess();
  let end: (error?: Error) => void = () => undefined;
  let stops = 0;
  const failures: unknown[] = [];
  const stopped = new Promise<void>((resolve, reject) => (end = (error) => (error === undefined ? resolve() : reject(error))));
  const uninstall = stopOnSignals(
    () => {
      stops++;
      return stopped;
    },
    (error) => failures.push(error),
    target as unknown as SignalTarget,
  );
  /** Lets everything that waits for the stop run. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { target, uninstall, failures, end: (error?: Error) => (end(error), settle()), stops: () => stops };
}

describe('a signal', () => {
  it('stops the service, and then ends the process as that signal does', async () => {
    const { target, end, stops } = scene();
    target.emit('SIGTERM', 'SIGTERM');
    expect(stops()).toBe(1);
    expect(target.endings).toEqual([]);
    await end();
    expect(target.endings).toEqual([['kill', 4711, 'SIGTERM']]);
    expect(target.listenerCount('SIGTERM') + target.listenerCount('SIGINT')).toBe(0);
  });

  it('given twice, ends the process at once', () => {
    const { target, stops } = scene();
    target.emit('SIGINT', 'SIGINT');
    target.emit('SIGTERM', 'SIGTERM');
    expect(stops()).toBe(1);
    expect(target.endings).toEqual([['exit', 143]]);
  });

  it('leaves the end of the process to an application that listens to it too', async () => {
    const { target, end } = scene();
    target.on('SIGTERM', () => undefined);
    target.emit('SIGTERM', 'SIGTERM');
    await end();
    expect(target.endings).toEqual([]);
  });

  it('reports a stop that failed, and ends the process all the same', async () => {
    const { target, end, failures } = scene();
    const fault = new Error('the broker is gone');
    target.emit('SIGTERM', 'SIGTERM');
    await end(fault);
    expect(failures).toEqual([fault]);
    expect(target.endings).toHaveLength(1);
  });

  it('means nothing to us any more once uninstalled', () => {
    const { target, uninstall, stops } = scene();
    uninstall();
    target.emit('SIGTERM', 'SIGTERM');
    expect(stops()).toBe(0);
  });
});
