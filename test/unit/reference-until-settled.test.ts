import { BusbarError } from 'busbar';
import { describe, expect, it } from 'vitest';

import { untilSettled } from '../../processors/reference/until-settled.js';

const silent = new BusbarError('BROKER_UNREACHABLE', 'no answer', { retriable: true });
const never = new AbortController().signal;

/** Answers one after the other, the last one for ever. */
function answering(...answers: (boolean | Error)[]) {
  const asked = { count: 0 };
  const caughtUp = async (): Promise<boolean> => {
    const answer = answers[Math.min(asked.count++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer === true;
  };
  return { asked, caughtUp };
}

describe('waiting until everything is settled', () => {
  it('asks until the answer is yes, and bears with a broker that does not answer now', async () => {
    const { asked, caughtUp } = answering(false, silent, false, silent, true);
    await untilSettled(caughtUp, 60_000, never);
    expect(asked.count).toBe(5);
  });

  it('fails with a broker that does not answer any more', async () => {
    await expect(untilSettled(answering(false, silent).caughtUp, 60, never)).rejects.toBe(silent);
  });

  it('fails at once with an error that does not go away by itself', async () => {
    const failed = new BusbarError('HANDLER_FAILED', 'not like this');
    const { asked, caughtUp } = answering(failed, true);
    await expect(untilSettled(caughtUp, 60_000, never)).rejects.toBe(failed);
    expect(asked.count).toBe(1);
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const waiting = untilSettled(answering(false).caughtUp, 60_000, stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
  });
});
