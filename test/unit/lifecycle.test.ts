import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import { Lifecycle, type Begun } from '../../src/service/lifecycle.js';

const UNDO_MS = 1_000;

/** A lifecycle whose steps can be held up, and what happened to it. */
function scene(names: readonly string[] = ['store', 'driver', 'processors']) {
  const log: string[] = [];
  const undoErrors: unknown[] = [];
  const lifecycle = new Lifecycle((error) => undoErrors.push(error));
  const held = new Map<string, { wait: Promise<void>; reached: () => void }>();
  const faults = new Map<string, Error>();
  const step = async (name: string): Promise<void> => {
    held.get(name)?.reached();
    await held.get(name)?.wait;
    const fault = faults.get(name);
    if (fault !== undefined) throw fault;
    log.push(name);
  };
  const steps = async (begun: Begun): Promise<void> => {
    for (const name of names) {
      await step(name);
      begun(() => step(`-${name}`));
    }
  };
  return {
    log,
    undoErrors,
    lifecycle,
    start: () => lifecycle.start(steps, UNDO_MS),
    stop: () => lifecycle.stop(UNDO_MS),
    fail: (name: string) => {
      const error = new Error(`${name} failed`);
      faults.set(name, error);
      return error;
    },
    /** The step waits until `go` is called; `reached` resolves when it waits. */
    hold: (name: string): { go: () => void; reached: Promise<void> } => {
      let go: () => void = () => undefined;
      let arrive: () => void = () => undefined;
      const wait = new Promise<void>((resolve) => (go = resolve));
      const reached = new Promise<void>((resolve) => (arrive = resolve));
      held.set(name, { wait, reached: arrive });
      return { go, reached };
    },
  };
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a lifecycle', () => {
  it('does its steps in order and takes them back in the opposite order', async () => {
    const { lifecycle, log, start, stop } = scene();
    expect(lifecycle.state).toBe('created');
    const starting = start();
    expect(lifecycle.state).toBe('starting');
    await starting;
    expect(lifecycle.state).toBe('running');
    const stopping = stop();
    expect(lifecycle.state).toBe('stopping');
    await stopping;
    expect(lifecycle.state).toBe('stopped');
    expect(log).toEqual(['store', 'driver', 'processors', '-processors', '-driver', '-store']);
  });

  it('takes back what it did when a step fails, and rejects with the error of that step', async () => {
    const { lifecycle, log, undoErrors, start, stop, fail } = scene();
    const fault = fail('processors');
    const undoFault = fail('-driver');
    await expect(start()).rejects.toBe(fault);
    expect(log).toEqual(['store', 'driver', '-store']);
    expect(undoErrors).toEqual([undoFault]);
    expect(lifecycle.state).toBe('failed');
    await stop();
    expect(lifecycle.state).toBe('failed');
  });

  it('starts once for two calls at the same time', async () => {
    const { log, start } = scene(['one']);
    await Promise.all([start(), start()]);
    expect(log).toEqual(['one']);
  });

  it('stops once for two calls at the same time', async () => {
    const { log, start, stop } = scene(['one']);
    await start();
    await Promise.all([stop(), stop()]);
    await stop();
    expect(log).toEqual(['one', '-one']);
  });

  it('stopped while it starts, takes back what it did and begins no further step', async () => {
    const { lifecycle, log, start, stop, hold } = scene();
    const { go, reached } = hold('driver');
    const starting = rejection(start());
    await reached;
    const stopping = stop();
    const again = rejection(start());
    go();
    await stopping;
    expect(lifecycle.state).toBe('stopped');
    expect(log).toEqual(['store', 'driver', '-driver', '-store']);
    for (const error of [await starting, await again]) {
      expect(error).toBeInstanceOf(BusbarError);
      expect(error).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    }
  });

  it('stopped during its last step, does not run either', async () => {
    const { lifecycle, start, stop, hold } = scene(['only']);
    const { go, reached } = hold('only');
    const starting = rejection(start());
    await reached;
    const stopping = stop();
    go();
    await stopping;
    expect(await starting).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(lifecycle.state).toBe('stopped');
  });

  it('stopped while a step of its start hangs, takes the others back at the deadline, and that one when it ends', async () => {
    const { lifecycle, log, start, hold } = scene();
    const { go, reached } = hold('processors');
    const starting = rejection(start());
    await reached;
    await lifecycle.stop(20);
    expect(lifecycle.state).toBe('stopped');
    expect(log).toEqual(['store', 'driver', '-driver', '-store']);
    go();
    expect(await starting).toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(log.slice(4)).toEqual(['processors', '-processors']);
    expect(lifecycle.state).toBe('stopped');
  });

  it('takes everything back even when something of it fails, and says what', async () => {
    const { lifecycle, log, start, stop, fail } = scene();
    const fault = fail('-processors');
    await start();
    await expect(stop()).rejects.toBe(fault);
    expect(log.slice(-2)).toEqual(['-driver', '-store']);
    expect(lifecycle.state).toBe('failed');
  });

  it('names all failures when several things of a stop fail', async () => {
    const { start, stop, fail } = scene();
    const faults = [fail('-processors'), fail('-store')];
    await start();
    expect(await rejection(stop())).toMatchObject({ errors: faults });
  });

  it('says which state it is in and what is allowed there', async () => {
    const { start, stop } = scene([]);
    await start();
    await expect(start()).rejects.toThrow('[ILLEGAL_TRANSITION] start() is not allowed while the service is running; allowed is stop()');
    await stop();
    await expect(start()).rejects.toThrow('while the service is stopped; allowed is nothing: it starts once');
  });

  it('stopped before it started, has nothing to do and does not start any more', async () => {
    const { lifecycle, log, start, stop } = scene();
    await stop();
    expect(lifecycle.state).toBe('stopped');
    await expect(start()).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    expect(log).toEqual([]);
  });

  it('gives every step of a stop the same deadline', async () => {
    const deadlines: number[] = [];
    const lifecycle = new Lifecycle(() => undefined);
    await lifecycle.start(async (begun) => {
      begun((deadline) => void deadlines.push(deadline));
      begun((deadline) => void deadlines.push(deadline));
    }, UNDO_MS);
    const before = Date.now();
    await lifecycle.stop(60_000);
    expect(deadlines[0]).toBe(deadlines[1]);
    expect(deadlines[0]).toBeGreaterThanOrEqual(before + 60_000);
  });

  it('tells what accompanies it first that it ends, takes its steps back meanwhile, and waits for it last', async () => {
    const { lifecycle, log, start, stop } = scene(['store']);
    let end: () => void = () => undefined;
    lifecycle.accompany('onStop()', () => {
      log.push('told');
      return new Promise((resolve) => (end = resolve));
    });
    await start();
    const stopping = stop();
    await expect.poll(() => log).toEqual(['store', 'told', '-store']);
    expect(lifecycle.state).toBe('stopping');
    end();
    await stopping;
    expect(lifecycle.state).toBe('stopped');
  });

  it('ends what accompanies it when its start fails, or when it is stopped before', async () => {
    for (const end of ['start', 'stop'] as const) {
      const { lifecycle, undoErrors, fail, ...calls } = scene();
      const fault = new Error('the companion failed');
      lifecycle.accompany('onStop()', () => Promise.reject(fault));
      fail('driver');
      await rejection(calls[end]());
      expect(lifecycle.state).toBe('failed');
      if (end === 'start') expect(undoErrors).toEqual([fault]);
    }
  });

  it('ends nothing that it was told to forget, and takes no company when nothing will be ended any more', async () => {
    const { lifecycle, log, start, stop } = scene([]);
    const forget = lifecycle.accompany('onStop()', () => void log.push('told'));
    await start();
    forget();
    await stop();
    expect(log).toEqual([]);
    expect(() => lifecycle.accompany('onStop()', () => undefined)).toThrow(
      '[ILLEGAL_TRANSITION] onStop() is not allowed while the service is stopped',
    );
  });
});
