import { expect, it } from 'vitest';

import { Latest } from '../../src/inbound/latest.js';

function gate(): { readonly promise: Promise<void>; open(): void; fail(error: Error): void } {
  let open!: () => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

it('gives the latest promise of a name, and forgets it before anybody goes on who waited for it', async () => {
  const latest = new Latest();
  const one = gate();
  latest.set('a', one.promise);
  expect(latest.get('a')).toBe(one.promise);
  expect(latest.get('b')).toBeUndefined();
  const seen = latest.get('a')!.then(() => latest.size);
  one.open();
  expect(await seen).toBe(0);
});

it('keeps the later promise of a name when the earlier one settles', async () => {
  const latest = new Latest();
  const [first, second] = [gate(), gate()];
  latest.set('a', first.promise);
  latest.set('a', second.promise);
  first.open();
  await first.promise;
  expect(latest.get('a')).toBe(second.promise);
  expect(latest.size).toBe(1);
});

it('forgets one that rejects, and leaves its error to those who wait', async () => {
  const latest = new Latest();
  const one = gate();
  latest.set('a', one.promise);
  const heard = expect(one.promise).rejects.toThrow('broken');
  one.fail(new Error('broken'));
  await heard;
  expect(latest.size).toBe(0);
});
