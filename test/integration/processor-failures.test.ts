import { describe, expect, it } from 'vitest';

import { deadLetter, fail, onErrorOf, retry, skip } from '../../src/policy/policy.js';
import { until } from '../support/application.js';
import { applications, billing, placed, withAndWithoutStore } from '../support/billing.js';
import { OrderBilled, OrderPlaced } from '../support/events.js';
import { deferred } from '../support/records.js';

const start = applications();
const events = [OrderPlaced, OrderBilled];

describe.each(withAndWithoutStore)('A processor %s', (_, makeStore) => {
  it('given a handler that fails twice, handles on the third attempt, and nothing of its key passes', async () => {
    const seen: string[] = [];
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          (event, ctx) => {
            seen.push(`${event.amount} attempt ${ctx.attempt}`);
            if (event.amount === 1 && ctx.attempt < 3) throw new Error('not yet');
          },
          { onError: [retry({ attempts: 3, backoffMs: 5 })] },
        ),
      ],
    });
    await application.bus.publishAll([placed('a', 1), placed('a', 2)]);
    await application.caughtUp('billing');
    expect(seen).toEqual(['1 attempt 1', '1 attempt 2', '1 attempt 3', '2 attempt 1']);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 2, handled: 2, deadLettered: 0 });
  });

  it('dead-letters what keeps failing, untouched, with the reason beside it', async () => {
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          () => {
            throw new TypeError('no such account');
          },
          { onError: [onErrorOf(TypeError, retry({ attempts: 2, backoffMs: 1, otherwise: deadLetter() })), fail()] },
        ),
      ],
    });
    await application.bus.publish(placed('a', 7), { id: 'bad' });
    await application.caughtUp('billing');
    const [original] = await application.records('orders');
    const [letter] = await application.records('orders.dead-letter');
    expect(letter?.value).toEqual(original?.value);
    expect(letter?.key).toEqual(original?.key);
    for (const [name, value] of Object.entries(original?.headers ?? {})) expect(letter?.headers[name]).toEqual(value);
    const header = (name: string) => String(letter?.headers[`x-dlq-${name}`]);
    expect(header('code')).toBe('HANDLER_FAILED');
    expect(header('reason')).toBe('TypeError: no such account');
    expect(header('stage')).toBe('handle');
    expect(header('attempts')).toBe('2');
    expect(header('processor')).toBe('billing');
    expect(header('group')).toBe(`${application.prefix}.tests.billing`);
    expect([header('topic'), header('partition'), header('offset'), header('timestamp')]).toEqual([
      original?.topic,
      String(original?.partition),
      String(original?.offset),
      String(original?.timestamp),
    ]);
    expect(Date.parse(header('first-failure'))).toBeLessThanOrEqual(Date.parse(header('last-failure')));
    expect(application.outcomes('billing')).toMatchObject({ delivered: 1, deadLettered: 1 });
  });

  it.each<[string, () => Error]>([
    ['an error', () => new Error('no')],
    ['a TypeError', () => new TypeError('undefined is not a function')],
    ['an error that calls itself final', () => Object.assign(new Error('no'), { retriable: false })],
  ])('keeps its consumer and its partitions when a handler throws %s more often than a client bears', async (_what, thrown) => {
    const failing = billing(
      ({ orderId }) => {
        if (orderId === 'poison') throw thrown();
      },
      { onError: [retry({ attempts: 8, backoffMs: 1, otherwise: deadLetter() })] },
    );
    let revoked = 0;
    failing.onPartitionsRevoked = () => void revoked++;
    const application = await start({ events, store: makeStore(), partitions: 1, processors: [failing] });
    await application.bus.publishAll([placed('a'), placed('poison'), placed('b')]);
    await application.caughtUp('billing');
    expect(application.outcomes('billing')).toMatchObject({ delivered: 3, handled: 2, deadLettered: 1 });
    expect(revoked).toBe(0);
    expect(application.notices.filter(({ code }) => code === 'CONSUMER_RESTARTED')).toEqual([]);
  });

  it('skips when told to, and says so', async () => {
    const application = await start({
      events,
      store: makeStore(),
      processors: [
        billing(
          () => {
            throw new Error('x');
          },
          { onError: [skip()] },
        ),
      ],
    });
    await application.bus.publish(placed('a'));
    await application.caughtUp('billing');
    expect(application.outcomes('billing')).toMatchObject({ delivered: 1, skipped: 1 });
    expect(application.notices.map(({ code }) => code)).toContain('RECORD_SKIPPED');
  });

  it('stops before a record when the policy is to fail, and handles it after a new start', async () => {
    let broken = true;
    const seen: number[] = [];
    const application = await start({
      events,
      store: makeStore(),
      partitions: 1,
      processors: [
        billing(
          (event) => {
            if (event.amount === 2 && broken) throw new Error('out of order');
            seen.push(event.amount);
          },
          { onError: [fail()] },
        ),
      ],
    });
    const runner = application.manager.runner('billing');
    await application.bus.publishAll([placed('a', 1), placed('a', 2), placed('a', 3)]);
    await until(() => runner.status().state === 'failed');
    await runner.stop();
    expect(seen).toEqual([1]);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 2, handled: 1, abandoned: 1 });
    broken = false;
    await runner.start();
    await application.caughtUp('billing');
    expect(seen).toEqual([1, 2, 3]);
  });

  it('ignores what it does not handle, and dead-letters what has no name or no sense, byte for byte', async () => {
    const seen: string[] = [];
    const application = await start({
      events,
      store: makeStore(),
      partitions: 1,
      processors: [billing((event) => void seen.push(event.orderId))],
    });
    const topic = application.topics.topic('orders');
    const put = (value: Buffer, headers: Record<string, string>) =>
      application.driver.produce(topic, 0, [{ topic, key: Buffer.from('k'), value, headers, timestamp: Date.now() }], Date.now() + 10_000);
    const named = (type: string, id: string) => ({
      ce_specversion: '1.0',
      ce_type: type,
      ce_id: id,
      ce_source: '/elsewhere',
      'content-type': 'application/json',
    });
    const garbage = Buffer.from([0xff, 0x00, 0x80]);
    await put(Buffer.from('{"x":1}'), named('of_others', '1'));
    await put(garbage, {});
    await put(garbage, named('order_placed', '2'));
    await put(Buffer.from('{"orderId":7,"amount":1}'), named('order_placed', '3'));
    await put(Buffer.from('{"orderId":"fine","amount":1}'), named('order_placed', '4'));
    await application.caughtUp('billing');
    expect(seen).toEqual(['fine']);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 5, ignored: 1, deadLettered: 3, handled: 1 });
    const letters = await application.records('orders.dead-letter');
    expect(letters.map(({ headers }) => [String(headers['x-dlq-code']), String(headers['x-dlq-stage'])])).toEqual([
      ['UNNAMEABLE', 'name'],
      ['UNDECODABLE', 'decode'],
      ['EVENT_INVALID', 'validate'],
    ]);
    expect(letters.map(({ value }) => value)).toEqual([garbage, garbage, Buffer.from('{"orderId":7,"amount":1}')]);
  });

  it('keeps other partitions going while one waits for a handler that is stuck, and starts no second attempt', async () => {
    const release = deferred<void>();
    const attempts: string[] = [];
    const application = await start({
      events,
      store: makeStore(),
      partitions: 3,
      processors: [
        billing(
          async (event, ctx) => {
            attempts.push(event.orderId);
            if (event.orderId === 'stuck' && ctx.attempt === 1) await release.promise;
          },
          { handlerTimeoutMs: 50, onError: [retry({ attempts: 2, backoffMs: 1 })] },
        ),
      ],
    });
    await application.bus.publish(placed('stuck'));
    await until(() => attempts.includes('stuck'));
    await application.bus.publishAll(Array.from({ length: 20 }, (_unused, n) => placed(`k${n}`)));
    await until(() => application.manager.runner('billing').status().stuck.length > 0);
    const before = attempts.filter((one) => one === 'stuck').length;
    expect(before).toBe(1);
    expect(attempts.length).toBeGreaterThan(2);
    release.resolve();
    await application.caughtUp('billing');
    expect(attempts.filter((one) => one === 'stuck')).toHaveLength(2);
    expect(application.manager.runner('billing').status().stuck).toEqual([]);
    expect(application.outcomes('billing')).toMatchObject({ handled: 21 });
  });

  it('started again while a handler still runs attempts its record only when that has ended, and says what it waits for', async () => {
    const release = deferred<void>();
    const attempts: string[] = [];
    const application = await start({
      events,
      store: makeStore(),
      partitions: 1,
      processors: [
        billing(async (event) => {
          attempts.push(event.orderId);
          if (attempts.length === 1) await release.promise;
        }),
      ],
    });
    const runner = application.manager.runner('billing');
    await application.bus.publishAll([placed('slow'), placed('next')]);
    await until(() => attempts.length > 0);
    await runner.stop(10);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 1, abandoned: 1 });
    await runner.start();
    await until(() => runner.status().stuck.length > 0);
    expect(attempts).toEqual(['slow']);
    release.resolve();
    await application.caughtUp('billing');
    expect(attempts).toEqual(['slow', 'slow', 'next']);
    expect(runner.status().stuck).toEqual([]);
    expect(application.outcomes('billing')).toMatchObject({ delivered: 3, handled: 2, abandoned: 1 });
  });
});
