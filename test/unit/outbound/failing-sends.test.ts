import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../../src/errors.js';
import { ProduceError } from '../../../src/kafka/produce-error.js';
import { after, fakeTime, turns } from './outage.js';
import { envelope, inAMinute, numbers, outbound, rejected, turn, unreachable, inHalfASecond } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

describe('a deadline', () => {
  it('that passes in the queue says not sent, and the record never leaves', async () => {
    const { driver, publish } = outbound();
    const hold = gate();
    driver.before = () => hold.opened;
    const first = publish(envelope('a'));
    await turn();
    await turn();
    await expect(publish(envelope('b'), Date.now() + 20)).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'not-sent'));
    hold.open();
    await first;
    await publish(envelope('c'));
    expect(driver.on('notes', 0)).toEqual(['a', 'c']);
  });

  it('of one record does not cut short its neighbours in the batch', async () => {
    const { driver, publish } = outbound();
    const hold = gate();
    driver.before = () => hold.opened;
    const later = inAMinute();
    const short = publish(envelope('a'), inHalfASecond());
    const long = publish(envelope('b'), later);
    await expect(short).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'unknown'));
    hold.open();
    await long;
    expect(driver.calls.map(({ deadline }) => deadline)).toEqual([later]);
  });

  it('that has passed at the call lets nothing leave', async () => {
    const { driver, publish } = outbound();
    await publish(envelope('a'));
    await expect(publish(envelope('b'), Date.now() - 1)).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'not-sent'));
    expect(driver.on('notes', 0)).toEqual(['a']);
  });

  it('leaves the driver a moment to say what it knows', async () => {
    const { driver, publish } = outbound();
    driver.before = async ({ deadline }) => {
      await new Promise((resolve) => setTimeout(resolve, deadline - Date.now() + 20));
      throw unreachable('not-sent');
    };
    await expect(publish(envelope('a'), inHalfASecond())).rejects.toEqual(rejected('BROKER_UNREACHABLE', 'not-sent'));
  });

  it('after attempts that were certainly not written says not sent, and after one in doubt unknown', async () => {
    const certain = outbound();
    certain.driver.before = () => {
      throw unreachable('not-sent');
    };
    await expect(certain.publish(envelope('a'), inHalfASecond())).rejects.toMatchObject({ certainty: 'not-sent', retriable: true });

    const doubtful = outbound();
    let attempts = 0;
    doubtful.driver.before = () => {
      attempts += 1;
      throw unreachable(attempts === 1 ? 'unknown' : 'not-sent');
    };
    await expect(doubtful.publish(envelope('a'), inHalfASecond())).rejects.toMatchObject({ certainty: 'unknown', retriable: true });
    expect(attempts).toBeGreaterThan(1);
  });

  it('while the partitions are not known says why they are not', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => {
      throw new BusbarError('BROKER_UNREACHABLE', 'no broker answers', { retriable: true });
    };
    const failing = publish(envelope('a'), inHalfASecond());
    await expect(failing).rejects.toMatchObject({
      code: 'DELIVERY_TIMEOUT',
      certainty: 'not-sent',
      message: expect.stringContaining('no broker answers') as string,
    });
  });
});

describe('a topic that is missing', () => {
  fakeTime();
  const missing = () => new BusbarError('TOPIC_MISSING', 'no such topic', { retriable: true });
  const lost = () => Promise.reject(missing());

  it('is asked for again for 5 s, then what waits is told, and what comes later has 5 s of its own', async () => {
    const { driver, publish, publisher } = outbound();
    driver.count = lost;
    const first = publish(envelope('a')).catch((error: unknown) => error);
    await after(4_900);
    const second = publish(envelope('b')).catch((error: unknown) => error);
    await turns();
    expect(publisher.queued().records).toBe(2);
    await after(300);
    expect(await first).toMatchObject({ code: 'TOPIC_MISSING', certainty: 'not-sent', retriable: false });
    expect(await second).toMatchObject({ code: 'TOPIC_MISSING', certainty: 'not-sent', retriable: false });
    await after(60_000);
    const third = publish(envelope('c'));
    await after(1_000);
    driver.count = async () => 1;
    await after(200);
    expect(await third).toMatchObject({ offset: 0 });
  });

  it('is not given up when brokers that did not answer come between, or when nobody asked for a while', async () => {
    const { driver, publish } = outbound();
    driver.count = lost;
    const patient = publish(envelope('a'));
    await after(4_900);
    driver.count = () => Promise.reject(new BusbarError('BROKER_UNREACHABLE', 'no broker answers', { retriable: true }));
    await after(200);
    driver.count = lost;
    await after(4_900);
    driver.count = async () => 1;
    await after(200);
    expect(await patient).toMatchObject({ offset: 0 });

    const other = outbound();
    other.driver.count = lost;
    const short = expect(other.publish(envelope('a'), Date.now() + 1_000)).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'not-sent'));
    await after(60_000);
    await short;
    const later = other.publish(envelope('b'), Date.now() + 120_000);
    await after(1_000);
    other.driver.count = async () => 1;
    await after(200);
    expect(await later).toMatchObject({ offset: 0 });
  });
});

describe('a batch that is refused for good', () => {
  it('costs only the record that brought it down', async () => {
    const { driver, publish } = outbound();
    driver.before = ({ values }) => {
      if (values.includes('5')) throw new ProduceError('KAFKA_FAILED', 'invalid record', { certainty: 'not-sent' });
    };
    const results = await Promise.allSettled(numbers(9).map((text) => publish(envelope(text))));
    expect(results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []))).toEqual([5]);
    expect(driver.on('notes', 0)).toEqual(numbers(9).filter((text) => text !== '5'));
  });

  it('for its size is sent in parts, and the next batches are smaller from the start', async () => {
    const { driver, publish } = outbound();
    let refusals = 0;
    driver.before = ({ values }) => {
      if (values.length <= 8) return;
      refusals += 1;
      throw new ProduceError('TOO_LARGE', 'message too large', { certainty: 'not-sent' });
    };
    await Promise.all(numbers(32).map((text) => publish(envelope(text))));
    expect(driver.on('notes', 0)).toEqual(numbers(32));
    const before = refusals;
    await Promise.all(numbers(32).map((text) => publish(envelope(text))));
    expect(refusals).toBe(before);
  });

  it('because of its topic is not tried piece by piece', async () => {
    const { driver, publish } = outbound();
    driver.before = () => {
      throw new ProduceError('AUTHORIZATION_FAILED', 'not allowed', { certainty: 'not-sent' });
    };
    const results = await Promise.allSettled(numbers(9).map((text) => publish(envelope(text))));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(driver.calls.length).toBe(1);
  });

  it('but may have been written is not sent again', async () => {
    const { driver, publish } = outbound();
    driver.after = () => {
      throw new TypeError('a bug of the client library');
    };
    const results = await Promise.allSettled(numbers(3).map((text) => publish(envelope(text))));
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'KAFKA_FAILED', certainty: 'unknown' } });
    expect(driver.on('notes', 0)).toEqual(numbers(3));
  });

  it('leaves the way free for the next one', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => {
      throw new BusbarError('TOPIC_MISSING', 'no such topic');
    };
    await expect(publish(envelope('a'))).rejects.toEqual(rejected('TOPIC_MISSING', 'not-sent'));
    driver.count = async () => 1;
    expect(await publish(envelope('b'))).toMatchObject({ offset: 0 });
  });
});
