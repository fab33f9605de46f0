import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../../src/errors.js';
import {
  envelope,
  inAMinute,
  keyless,
  numbers,
  outbound,
  rejected,
  textCodec,
  turn,
  unreachable,
  wireRecord,
  inHalfASecond,
} from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

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
      if (attempt % 3 !== 0) throw unreachable();
    };
    await Promise.all(numbers(50).map((text) => publish(envelope(text))));
    expect(driver.on('notes', 0)).toEqual(numbers(50));
    expect(notices[0]).toMatchObject({ level: 'warn', code: 'SEND_RETRIED' });
  });

  it('is kept for those who wait for room', async () => {
    const { driver, publish, publisher } = outbound({ limits: { bufferRecords: 3, batchRecords: 2 } });
    await publish(envelope('first'));
    await Promise.all(numbers(200).map((text) => publish(envelope(text))));
    expect(driver.on('notes', 0)).toEqual(['first', ...numbers(200)]);
    expect(publisher.queued()).toEqual({ records: 0, bytes: 0, oldestMs: 0 });
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

  it('do not all go to one partition when there are more than a batch takes', async () => {
    const { driver, publish } = outbound({ limits: { batchRecords: 10 } });
    driver.count = async () => 3;
    await Promise.all(numbers(30).map((text) => publish(keyless(text))));
    expect(driver.calls.map(({ values }) => values.length)).toEqual([10, 10, 10]);
    expect(new Set(driver.calls.map(({ partition }) => partition)).size).toBe(3);
  });

  it('keep their partition over retries', async () => {
    const { driver, publish } = outbound();
    driver.count = async () => 3;
    let failures = 0;
    driver.before = () => {
      failures += 1;
      if (failures < 4) throw unreachable();
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

  it('gives topics their turns: a small record of one does not overtake a large one of another', async () => {
    const { driver, publisher } = outbound({ limits: { bufferBytes: 2000 } });
    const hold = gate();
    driver.before = ({ topic }) => (topic === 'first' ? hold.opened : undefined);
    const all = [publisher.send(wireRecord('first', 'a'.repeat(500)), inAMinute())];
    await turn();
    all.push(publisher.send(wireRecord('large', 'b'.repeat(1900)), inAMinute()));
    await turn();
    all.push(publisher.send(wireRecord('small', 'c'), inAMinute()));
    await turn();
    await turn();
    expect(driver.calls.map(({ topic }) => topic)).toEqual(['first']);
    hold.open();
    await Promise.all(all);
    expect(driver.calls.map(({ topic }) => topic)).toEqual(['first', 'large', 'small']);
  });

  it('takes a record that is larger than itself once it is empty', async () => {
    const { driver, publish } = outbound({ limits: { bufferBytes: 100 } });
    await Promise.all(numbers(3).map((text) => publish(envelope(text.repeat(300)))));
    expect(driver.on('notes', 0).length).toBe(3);
  });

  it('keeps the place of a record whose deadline has passed until the driver lets go of it', async () => {
    const { driver, publish, publisher } = outbound({ limits: { bufferRecords: 1 } });
    // The circuit of the topic refuses anything else by then.
    const staged = (value: string, deadline: number) => publisher.sendStaged(wireRecord('notes', value), deadline);
    const hold = gate();
    driver.before = () => hold.opened;
    await expect(publish(envelope('a'), inHalfASecond())).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'unknown'));
    await expect(staged('b', Date.now() + 20)).rejects.toEqual(rejected('BUFFER_FULL', 'not-sent'));
    hold.open();
    await staged('c', inAMinute());
    expect(driver.on('notes', 0)).toEqual(['a', 'c']);
  });

  it('gets that place back when the attempt fails in the end', async () => {
    const { driver, publish, publisher } = outbound({ limits: { bufferRecords: 1 } });
    // The circuit of the topic refuses anything else by then.
    const staged = (value: string, deadline: number) => publisher.sendStaged(wireRecord('notes', value), deadline);
    const hold = gate();
    driver.before = async ({ values }) => {
      if (values[0] !== 'a') return;
      await hold.opened;
      throw unreachable();
    };
    await expect(publish(envelope('a'), inHalfASecond())).rejects.toEqual(rejected('DELIVERY_TIMEOUT', 'unknown'));
    hold.open();
    await staged('b', inAMinute());
    expect(driver.on('notes', 0)).toEqual(['b']);
  });
});
