import { describe, expect, it } from 'vitest';

import { EventRegistry } from '../../../src/event/event-registry.js';
import { partitionFor } from '../../../src/kafka/partitioner.js';
import { ProduceError } from '../../../src/kafka/produce-error.js';
import { envelope, inAMinute, Noted, numbers, outbound, rejected, turn, wireRecord } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

describe('an accepted event', () => {
  it('is safe at its place on the log', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => 3;
    await publish(envelope('a', 'PEP-649'));
    const partition = partitionFor(Buffer.from('PEP-649'), 3);
    expect(await publish(envelope('b', 'PEP-649'))).toEqual({ where: 'kafka', topic: 'notes', partition, offset: 1 });
    expect(driver.on('notes', partition)).toEqual(['a', 'b']);
  });

  it('leaves with what is published in the same turn, and what follows gathers while that is on its way', async () => {
    const { driver, publish } = outbound();
    await publish(envelope('first'));
    const hold = gate();
    driver.before = () => hold.opened;
    const early = ['a', 'b', 'c'].map((text) => publish(envelope(text)));
    await turn();
    await turn();
    const late: Promise<unknown>[] = [];
    for (const text of ['d', 'e']) {
      late.push(publish(envelope(text)));
      await turn();
    }
    hold.open();
    await Promise.all([...early, ...late]);
    expect(driver.calls.map(({ values }) => values)).toEqual([['first'], ['a', 'b', 'c'], ['d', 'e']]);
  });

  it('is one that the application registered: another is refused at once, since nobody has seen to its topic', async () => {
    const { driver, publisher, publish } = outbound({ registry: new EventRegistry([]) });
    await expect(publish(envelope('a'))).rejects.toMatchObject({
      message: '[EVENT_UNKNOWN] noted version 1 is not registered: add Noted to `events` of kafkaModule',
      certainty: 'not-sent',
      retriable: false,
    });
    expect(() => publisher.encode(envelope('a'))).toThrow('[EVENT_UNKNOWN]');
    expect(driver.calls).toEqual([]);
    await outbound({ registry: new EventRegistry([Noted]) }).publish(envelope('b'));
  });

  it('is one of at most batchRecords and batchBytes in a batch', async () => {
    const { driver, publish } = outbound({ limits: { batchRecords: 3 } });
    await Promise.all(numbers(7).map((text) => publish(envelope(text))));
    expect(driver.calls.map(({ values }) => values.length)).toEqual([3, 3, 1]);

    const small = outbound({ limits: { batchBytes: 1000 } });
    const texts = ['x'.repeat(300), 'y'.repeat(300), 'z'.repeat(5000), 'w'];
    await Promise.all(texts.map((text) => small.publish(envelope(text))));
    expect(small.driver.on('notes', 0)).toEqual(texts);
    expect(small.driver.calls.some(({ values }) => values.length === 1 && values[0]!.startsWith('z'))).toBe(true);
  });

  it('may wait for company behind a batch, but not for longer than the batch takes to fill', async () => {
    const { driver, publish } = outbound({ limits: { lingerMs: 60_000, batchRecords: 2 } });
    const hold = gate();
    driver.before = () => hold.opened;
    const first = publish(envelope('a'));
    await turn();
    await turn();
    const second = publish(envelope('b'));
    hold.open();
    await first;
    await turn();
    await turn();
    expect(driver.calls.length).toBe(1);
    await Promise.all([second, publish(envelope('c'))]);
    expect(driver.on('notes', 0)).toEqual(['a', 'b', 'c']);
  });

  it('that is too large or has no contract is refused before it is queued', async () => {
    const { publisher, publish } = outbound({ limits: { maxRecordBytes: 500 } });
    await expect(publish(envelope('x'.repeat(500)))).rejects.toEqual(rejected('TOO_LARGE', 'not-sent'));
    expect(() => publisher.encode(envelope('x'.repeat(500)))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    expect(publisher.queued().records).toBe(0);
  });
});

describe('a ready-made record', () => {
  it('takes the same way, in the order of the calls', async () => {
    const { driver, publisher, publish } = outbound();
    const mixed = [publish(envelope('a')), publisher.send(wireRecord('notes', 'b'), inAMinute()), publish(envelope('c'))];
    expect(await Promise.all(mixed)).toMatchObject([{ offset: 0 }, { topic: 'notes', partition: 0, offset: 1 }, { offset: 2 }]);
    expect(driver.on('notes', 0)).toEqual(['a', 'b', 'c']);
  });

  it('rejects with what is known', async () => {
    const { driver, publisher } = outbound();
    driver.before = () => {
      throw new ProduceError('TOO_LARGE', 'message too large', { certainty: 'not-sent' });
    };
    await expect(publisher.send(wireRecord('notes', 'a'), inAMinute())).rejects.toMatchObject({
      name: 'SendError',
      code: 'TOO_LARGE',
      certainty: 'not-sent',
      message: '[TOO_LARGE] message too large',
    });
  });
});

describe('the end', () => {
  it('of a flush comes when all that was accepted before it has settled, not what came later', async () => {
    const { driver, publisher, publish } = outbound({ limits: { batchRecords: 1 } });
    await publisher.flush();
    const holds = new Map(['a', 'b'].map((text) => [text, gate()]));
    driver.before = ({ values }) => holds.get(values[0]!)!.opened;
    let aSafe = false;
    const a = publish(envelope('a')).then(() => (aSafe = true));
    const flushed = publisher.flush();
    const b = publish(envelope('b'));
    await turn();
    expect(aSafe).toBe(false);
    holds.get('a')!.open();
    await flushed;
    expect(publisher.queued().records).toBe(1);
    holds.get('b')!.open();
    await Promise.all([a, b, publisher.flush()]);
  });

  it('sends what it has and takes no more', async () => {
    const { driver, publisher, publish } = outbound();
    const last = publish(envelope('a'));
    const closed = publisher.close(60_000);
    await expect(publish(envelope('b'))).rejects.toEqual(rejected('BUS_CLOSED', 'not-sent'));
    await expect(publisher.send(wireRecord('notes', 'c'), inAMinute())).rejects.toEqual(rejected('BUS_CLOSED', 'not-sent'));
    await Promise.all([last, closed, publisher.close(1)]);
    expect(driver.on('notes', 0)).toEqual(['a']);
  });

  it('tells everybody who still waits when its time is over, and how much is known', async () => {
    const { driver, publisher, publish } = outbound({ limits: { batchRecords: 1, bufferRecords: 2 } });
    const hold = gate();
    driver.before = () => hold.opened;
    const results = Promise.allSettled(['flying', 'queued', 'waiting'].map((text) => publish(envelope(text))));
    await turn();
    await turn();
    await publisher.close(10);
    expect((await results).map((result) => (result as PromiseRejectedResult).reason as unknown)).toEqual([
      rejected('DELIVERY_TIMEOUT', 'unknown'),
      rejected('DELIVERY_TIMEOUT', 'not-sent'),
      rejected('DELIVERY_TIMEOUT', 'not-sent'),
    ]);
    hold.open();
    await turn();
    await turn();
    expect(driver.on('notes', 0)).toEqual(['flying']);
    expect(publisher.queued()).toEqual({ records: 0, bytes: 0, oldestMs: 0 });
  });
});
