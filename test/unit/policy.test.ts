import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import { decide, decideFinal, mayDeadLetter } from '../../src/policy/decide.js';
import { deadLetter, fail, onErrorOf, retry, skip } from '../../src/policy/policy.js';

describe('An error policy', () => {
  it('tries again until the attempts are used up, then does what is left', () => {
    const policies = [retry({ attempts: 3, otherwise: skip() })];
    expect(decide(policies, new Error('x'), 1).action).toBe('retry');
    expect(decide(policies, new Error('x'), 2).action).toBe('retry');
    expect(decide(policies, new Error('x'), 3).action).toBe('skip');
  });

  it('dead-letters after three attempts when nothing was said', () => {
    expect(decide([], new Error('x'), 2).action).toBe('retry');
    expect(decide([], new Error('x'), 3).action).toBe('deadLetter');
  });

  it('takes the first line that applies to the error', () => {
    const policies = [onErrorOf(TypeError, fail()), onErrorOf((error) => error === 'odd', skip()), deadLetter()];
    expect(decide(policies, new TypeError('x'), 1).action).toBe('fail');
    expect(decide(policies, 'odd', 1).action).toBe('skip');
    expect(decide(policies, new RangeError('x'), 1).action).toBe('deadLetter');
  });

  it('knows whether anything may end on the dead-letter topic', () => {
    const maybe = [
      [],
      [deadLetter()],
      [retry({ attempts: 2 })],
      [onErrorOf(TypeError, skip())],
      [onErrorOf(TypeError, deadLetter()), fail()],
    ];
    const never = [[skip()], [fail(), deadLetter()], [retry({ attempts: 2, otherwise: skip() })], [onErrorOf(TypeError, fail()), skip()]];
    expect(maybe.map(mayDeadLetter)).toEqual([true, true, true, true, true]);
    expect(never.map(mayDeadLetter)).toEqual([false, false, false, false]);
  });

  it('falls back to retry and dead letter for an error that no line applies to', () => {
    const policies = [onErrorOf(TypeError, fail())];
    expect(decide(policies, new RangeError('x'), 1).action).toBe('retry');
    expect(decide(policies, new RangeError('x'), 3).action).toBe('deadLetter');
  });

  it('knows classes from predicates, also those that are no Error', () => {
    class Refusal {}
    expect(decide([onErrorOf(Refusal, skip())], new Refusal(), 1).action).toBe('skip');
  });

  it('doubles the pause up to the longest', () => {
    const policies = [retry({ attempts: 10, backoffMs: 100, maxBackoffMs: 1_000 })];
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => {
      const decision = decide(policies, new Error('x'), attempt);
      return decision.action === 'retry' ? decision.delayMs : Number.NaN;
    });
    expect(delays[0]).toBeGreaterThanOrEqual(100);
    expect(delays[0]).toBeLessThanOrEqual(120);
    expect(delays[2]).toBeGreaterThanOrEqual(400);
    expect(delays.at(-1)).toBe(1_000);
  });

  it('does not try again what will be as wrong the next time', () => {
    expect(decideFinal([retry({ attempts: 5, otherwise: fail() })], new Error('x'))).toBe('fail');
    expect(decideFinal([], new Error('x'))).toBe('deadLetter');
  });

  it('refuses options that do not exist, with the nearest name, and what is no policy', () => {
    expect(() => retry({ attempts: 2, backoffMS: 5 } as never)).toThrow(
      '[WIRING_INVALID] retry: backoffMS is no option: did you mean backoffMs?',
    );
    expect(() => retry({ attempts: 2, afterwards: skip() } as never)).toThrow(
      'afterwards is no option: use attempts, backoffMs, maxBackoffMs, otherwise',
    );
    expect(() => retry({ attempts: 2, otherwise: skip as never })).toThrow('retry: otherwise is no policy: call one, e.g. deadLetter()');
  });

  it('does not try again what is wrong in the code of the processor', () => {
    const error = new BusbarError('UNDECLARED_OUTPUT', 'x');
    expect(decide([retry({ attempts: 5, otherwise: fail() })], error, 1)).toEqual({ action: 'fail' });
    expect(decide([onErrorOf(TypeError, fail())], error, 1)).toEqual({ action: 'deadLetter' });
    expect(decide([], new BusbarError('STORE_MISSING', 'x'), 1).action).toBe('retry');
  });

  it('refuses attempts and pauses that make no sense', () => {
    expect(() => retry({ attempts: 0 })).toThrow(RangeError);
    expect(() => retry({ attempts: 2, backoffMs: 10, maxBackoffMs: 5 })).toThrow(RangeError);
    expect(() => retry({ attempts: 100, maxBackoffMs: Number.POSITIVE_INFINITY })).toThrow(RangeError);
  });
});
