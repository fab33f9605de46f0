import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import { LastError } from '../../src/telemetry/last-error.js';

const SECRET = '4111-1111';

function shown(error: unknown) {
  const last = new LastError();
  last.note(error, 'HANDLER_FAILED');
  return last.stats()!;
}

describe('The last error that stats show', () => {
  it('is null while nothing went wrong, and then the latest, with its time', () => {
    const last = new LastError();
    expect(last.stats()).toBeNull();
    const before = Date.now();
    last.note(new BusbarError('TOO_LARGE', 'too much'), 'HANDLER_FAILED');
    last.note(new BusbarError('BROKER_UNREACHABLE', 'nobody answers'), 'HANDLER_FAILED');
    expect(last.stats()).toMatchObject({ code: 'BROKER_UNREACHABLE', message: 'nobody answers' });
    expect(Date.parse(last.stats()!.at)).toBeGreaterThanOrEqual(before);
  });

  it('of an application has a name and a code, and nothing of its message', () => {
    const coded = Object.assign(new TypeError(SECRET), { code: 'SQLITE_BUSY' });
    expect(shown(coded)).toMatchObject({ code: 'HANDLER_FAILED', message: 'a handler threw or rejected: TypeError SQLITE_BUSY' });
    const talkative = Object.assign(new Error(SECRET), { name: `Error with ${SECRET}`, code: `at ${SECRET}` });
    expect(shown(talkative).message).toBe('a handler threw or rejected: Error');
    expect(shown(SECRET).message).toBe('a handler threw or rejected: a thrown string');
  });

  it('has no message of ours that may quote a value of an event', () => {
    for (const code of ['EVENT_INVALID', 'UNDECODABLE'] as const)
      expect(shown(new BusbarError(code, `cannot encode ${SECRET}`)).message).not.toContain(SECRET);
  });

  it('may be an error that throws when it is looked at', () => {
    const hostile = new Proxy(new Error(SECRET), {
      get: () => {
        throw new Error(SECRET);
      },
    });
    expect(shown(hostile).message).toBe('a handler threw or rejected: a thrown object that cannot be read');
  });
});
