import { describe, expect, it } from 'vitest';

import { ProduceError } from '../../../src/kafka/produce-error.js';
import { partitionFor } from '../../../src/kafka/partitioner.js';
import { BusbarError } from '../../../src/errors.js';
import { envelope, inAMinute, keyless, outbound, textCodec, wireRecord } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
const rejected = (code: string, certainty: string): unknown => expect.objectContaining({ code, certainty });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const broken = (certainty: 'not-sent' | 'unknown' = 'not-sent'): ProduceError =>
  new ProduceError('BROKER_UNREACHABLE', 'no broker answers', { certainty, retriable: true });

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

describe('the order of the calls', () => {
  it('is kept while an asynchronous codec takes longer for some than for others, and one that fails makes way', async () => {
    const gates = new Map(numbers(5).map((text) => [text, gate()]));
    const { driver, publish } = outbound({
      codec: {
        ...textCodec,
        encode: async (_contract, data) => {
          await gates.get(String(data['text']))!.opened;
          if (data['text'] === '2') throw new BusbarError('EVENT_INVALID', 'cannot be encoded');
          return Buffer.from(String(data['text']));
        },
      },
    });
    const results = Promise.allSettled(numbers(5).map((text) => publish(envelope(text))));
    for (const text of ['4', '2', '1', '3', '0']) {
      gates.get(text)!.open();
      await turn();
    }
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(driver.on('notes', 0)).toEqual(['0', '1', '3', '4']);
  });

  it('is kept while the number of partitions is asked for, again and again until there is an answer', async () => {
    const { driver, publish } = outbound();
    let asked = 0;
    driver.count = async () => {
      asked += 1;
      if (asked < 3) throw new BusbarError('BROKER_UNREACHABLE', 'no broker answers', { retriable: true });
      return 1;
    };
    await Promise.all(numbers(100).map((text) => publish(envelope(text))));
    expect(asked).toBe(3);
    expect(driver.on('notes', 0)).toEqual(numbers(100));
  });

  it('is kept over attempts that fail, with nothing lost and nothing twice', async () => {
    const { driver, publish, notices } = outbound({ limits: { batchRecords: 10 } });
    let attempt = 0;
    driver.before = () => {
      attempt += 1;
      if (attempt % 3 !== 0) throw broken();
    };
    await Promise.all(numbers(50).map((text) => publish(envelope(text))));
    expect(driver.on('notes', 0)).toEqual(numbers(50));
    expect(notices[0]).toMatchObject({ level: 'warn', code: 'SEND_RETRIED' });
  });

  it('is kept for those who wait for room', async () => {
    const { driver, publish } = outbound({ limits: { bufferRecords: 3, batchRecords: 2 } });
    await Promise.all(numbers(200).map((text) => publish(envelope(text))));
    expect(driver.on('notes', 0)).toEqual(numbers(200));
  });

  it('of one topic does not wait for another topic', async () => {
    const { driver, publisher } = outbound();
    const never = gate();
    driver.count = (topic) => (topic === 'stuck' ? never.opened.then(() => 1) : Promise.resolve(1));
    const stuck = publisher.send(wireRecord('stuck', 'a'), inAMinute());
    expect(await publisher.send(wireRecord('other', 'b'), inAMinute())).toEqual({ topic: 'other', partition: 0, offset: 0 });
    never.open();
    await stuck;
  });
});

describe('records without a key', () => {
  it('stay together in a batch and then go to the next partition', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => 3;
    for (let round = 0; round < 3; round += 1) await Promise.all(numbers(4).map((text) => publish(keyless(text))));
    expect(driver.calls.map(({ values }) => values)).toEqual([numbers(4), numbers(4), numbers(4)]);
    expect(new Set(driver.calls.map(({ partition }) => partition)).size).toBe(3);
  });

  it('keep their partition over retries', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => 3;
    let failures = 0;
    driver.before = () => {
      failures += 1;
      if (failures < 4) throw broken();
    };
    await Promise.all(numbers(4).map((text) => publish(keyless(text))));
    expect(driver.calls.length).toBe(4);
    expect(new Set(driver.calls.map(({ partition }) => partition)).size).toBe(1);
  });
});

describe('a full queue', () => {
  it('makes publish wait, and rejects with BUFFER_FULL, not sent, at the deadline', async () => {
    const { driver, publish, publisher } = outbound({ limits: { bufferRecords: 2 } });
    const hold = gate();
    driver.before = () => hold.opened;
    const inside = [publish(envelope('a')), publish(envelope('b'))];
    const impatient = publisher.accept(envelope('c'), Date.now() + 20);
    const patient = publish(envelope('d'));
    await expect(impatient).rejects.toEqual(rejected('BUFFER_FULL', 'not-sent'));
    hold.open();
    await Promise.all([...inside, patient]);
    expect(driver.on('notes', 0)).toEqual(['a', 'b', 'd']);
  });

  it('is left at the acknowledgement, and a large record at the head of the line is not overtaken by small ones', async () => {
    const { driver, publish, publisher } = outbound({ limits: { bufferBytes: 2000, batchRecords: 1 } });
    let gates = [gate()];
    driver.before = () => gates.at(-1)!.opened;
    const accepted: string[] = [];
    const accept = async (text: string): Promise<unknown> => {
      const { safe } = await publisher.accept(envelope(text), inAMinute());
      accepted.push(text[0]!);
      return safe;
    };
    const all = [accept(`a${'.'.repeat(500)}`), accept(`b${'.'.repeat(500)}`), accept(`c${'.'.repeat(1500)}`), accept('d')];
    await turn();
    await turn();
    expect(accepted).toEqual(['a', 'b']);
    expect(publisher.queued()).toMatchObject({ records: 4 });
    expect(publisher.queued().bytes).toBeLessThanOrEqual(2000);
    gates.at(-1)!.open();
    gates = [gate()];
    gates[0]!.open();
    await Promise.all(all);
    expect(accepted).toEqual(['a', 'b', 'c', 'd']);
    expect(publisher.queued()).toEqual({ records: 0, bytes: 0, oldestMs: 0 });
    await publish(envelope('e'));
  });

  it('takes a record that is larger than itself once it is empty', async () => {
    const { driver, publish } = outbound({ limits: { bufferBytes: 100 } });
    await Promise.all(numbers(3).map((text) => publish(envelope(text.repeat(300)))));
    expect(driver.on('notes', 0).length).toBe(3);
  });

  it('keeps the place of a record whose deadline has passed until the driver lets go of it', async () => {
    const { driver, publish } = outbound({ limits: { bufferRecords: 1 } });
    const hold = gate();
    driver.before = () => hold.opened;
    await expect(publish(envelope('a'), Date.now() + 20)).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'unknown'));
    await expect(publish(envelope('b'), Date.now() + 20)).rejects.toEqual(rejected('BUFFER_FULL', 'not-sent'));
    hold.open();
    await publish(envelope('c'));
    expect(driver.on('notes', 0)).toEqual(['a', 'c']);
  });
});

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
    const short = publish(envelope('a'), Date.now() + 20);
    const long = publish(envelope('b'), later);
    await expect(short).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'unknown'));
    hold.open();
    await long;
    expect(driver.calls.map(({ deadline }) => deadline)).toEqual([later]);
  });

  it('after attempts that were certainly not written says not sent, and after one in doubt unknown', async () => {
    const certain = outbound();
    certain.driver.before = () => {
      throw broken('not-sent');
    };
    await expect(certain.publish(envelope('a'), Date.now() + 120)).rejects.toMatchObject({ certainty: 'not-sent', retriable: true });

    const doubtful = outbound();
    let attempts = 0;
    doubtful.driver.before = () => {
      attempts += 1;
      throw broken(attempts === 1 ? 'unknown' : 'not-sent');
    };
    await expect(doubtful.publish(envelope('a'), Date.now() + 120)).rejects.toMatchObject({ certainty: 'unknown', retriable: true });
    expect(attempts).toBeGreaterThan(1);
  });

  it('while the partitions are not known says why they are not', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => {
      throw new BusbarError('BROKER_UNREACHABLE', 'no broker answers', { retriable: true });
    };
    const failing = publish(envelope('a'), Date.now() + 50);
    await expect(failing).rejects.toMatchObject({ code: 'DELIVERY_TIMEOUT', certainty: 'not-sent', message: expect.stringContaining('no broker answers') as string });
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
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'KAFKA_FAILED', certainty: 'unknown' } });
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
