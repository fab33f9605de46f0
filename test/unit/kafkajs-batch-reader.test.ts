import { describe, expect, it } from 'vitest';

import { MOST_INFLATED } from '../../src/kafka/compression/compressor.js';
import { readBatches } from '../../src/kafka/kafkajs/wire/batch-reader.js';
import { useCompressions } from '../../src/kafka/kafkajs/compression.js';
import { UnreadableBatch } from '../../src/kafka/kafkajs/wire/fetched-record.js';
import { decodeFetch } from '../../src/kafka/kafkajs/wire/fetch-response.js';
import { Random } from '../support/random.js';
import { answerOf, batchHolding, batchOf, changed, emptied } from '../support/fetch-answer.js';

const messages = [{ key: 'k', value: 'v', headers: { name: 'value' }, timestamp: '1790000000000' }];
const read = (bytes: Buffer) => readBatches('t', 3, bytes);

describe('a batch from a broker', () => {
  it('has its headers as text where they are ASCII, as bytes where they are not, and all of those that have one name', async () => {
    const headers = {
      ascii: 'a',
      nämé: 'ü',
      bytes: Buffer.from([0xff, 0]),
      long: 'x'.repeat(257),
      twice: ['1', Buffer.from('ü')],
      none: '',
    };
    const [first, second] = await read(
      await batchOf([
        { value: 'v', headers },
        { value: 'v', headers: { ...headers, ascii: 'b' } },
      ]),
    );
    const expected = {
      ascii: 'a',
      nämé: Buffer.from('ü'),
      bytes: Buffer.from([0xff, 0]),
      long: Buffer.from('x'.repeat(257)),
      twice: ['1', Buffer.from('ü')],
      none: '',
    };
    expect({ ...first!.headers }).toEqual(expected);
    expect({ ...second!.headers }).toEqual({ ...expected, ascii: 'b' });
  });

  it('may have headers of any name, and each record has only its own', async () => {
    const own = Object.fromEntries([
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['toString', 't'],
    ]);
    const [first, second] = await read(await batchOf([{ value: 'v', headers: own }, { value: 'v' }]));
    expect(Object.entries(first!.headers)).toEqual(Object.entries(own));
    expect('constructor' in second!.headers).toBe(false);
    expect(Object.keys(second!.headers)).toEqual([]);
  });

  it('may have 10,000 headers, and a header without value', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `name-${i}`);
    const [record] = await read(await batchOf([{ value: 'v', headers: Object.fromEntries(names.map((name) => [name, name])) }]));
    expect(Object.values(record!.headers)).toEqual(names);
    const [without] = await read(await batchOf([{ value: 'v', headers: { a: null as never, b: ['1', null as never, '2'] } }]));
    expect({ ...without!.headers }).toEqual({ a: undefined, b: ['1', '2'] });
  });

  it('that is cut off is left for the next time', async () => {
    const batch = await batchOf(messages);
    for (const cut of [1, 30, batch.length - 1]) {
      expect(await read(Buffer.concat([batch, batch.subarray(0, batch.length - cut)]))).toHaveLength(1);
    }
  });

  it('cannot be read when its checksum is another one, and what is before it can', async () => {
    const damaged = await batchOf(messages, { firstOffset: 42 });
    damaged[70]! ^= 1;
    const [first, second, ...rest] = await read(
      Buffer.concat([await batchOf(messages), damaged, await batchOf(messages, { firstOffset: 43 })]),
    );
    expect(first).toMatchObject({ offset: 0, value: Buffer.from('v') });
    expect(second).toBeInstanceOf(UnreadableBatch);
    const error = { code: 'BATCH_UNREADABLE', retriable: false, message: expect.stringContaining('the checksum is another one') as string };
    expect(second).toMatchObject({ error, next: 43, isControlRecord: false, value: null });
    expect(rest).toEqual([]);
  });

  it('that cannot be read ends where the one behind it begins, whatever it says itself', async () => {
    const damaged = await batchOf(messages, { firstOffset: 42 });
    damaged.writeInt32BE(1_000_000, 23);
    expect(await read(Buffer.concat([damaged, await batchOf(messages, { firstOffset: 45 })]))).toMatchObject([{ next: 45 }]);
    expect(await read(Buffer.concat([damaged, await batchOf(messages, { firstOffset: 7 })]))).toMatchObject([{ next: 43 }]);
    expect(await read(damaged)).toMatchObject([{ next: 1_000_043 }]);
  });

  it('is left for the next time when those before it have been inflated to what one may be', async () => {
    useCompressions();
    const large = await batchOf([{ value: Buffer.alloc(MOST_INFLATED / 2) }], { compression: 1 });
    const at = (offset: number): Buffer => {
      const batch = Buffer.from(large);
      batch.writeBigInt64BE(BigInt(offset));
      return batch;
    };
    const found = await read(Buffer.concat([at(0), at(1), at(2), at(3)]));
    expect(found.map(({ offset }) => offset)).toEqual([0, 1]);
  });

  it('cannot be read when its codec says so, for the reason that it gives', async () => {
    const content = Buffer.from('no gzip at all');
    const batch = changed(await batchHolding(content, 1), (head) => head.writeInt16BE(1, 21));
    useCompressions();
    expect(await read(batch)).toMatchObject([
      { error: { code: 'BATCH_UNREADABLE', message: expect.stringContaining('is no gzip') as string } },
    ]);
  });

  it('is read to its last offset, also when compaction has left none of its records', async () => {
    const empty = emptied(await batchOf([{ value: '0' }, { value: '1' }, { value: '2' }], { firstOffset: 40 }));
    const behind = await batchOf(messages, { firstOffset: 43 });
    expect(await read(Buffer.concat([empty, behind]))).toMatchObject([
      { offset: 42, isControlRecord: true, value: null },
      { offset: 43, isControlRecord: false },
    ]);
  });

  it('is read to its last offset, also when compaction has taken its last records', async () => {
    const shortened = changed(await batchOf(messages, { firstOffset: 40 }), (head) => head.writeInt32BE(2, 23));
    expect(await read(shortened)).toMatchObject([
      { offset: 40, isControlRecord: false },
      { offset: 42, isControlRecord: true, value: null },
    ]);
  });

  const record = (...content: number[]): Buffer => Buffer.from([content.length * 2, ...content]);
  it.each<[string, Buffer | Promise<Buffer>, RegExp]>([
    ['announces 2^31 - 1 records', batchHolding(Buffer.alloc(7), 2 ** 31 - 1), /2147483647 records are announced where 7 bytes are left/],
    ['ends before it begins', batchHolding(Buffer.alloc(0), 0), /the last record is -1 behind the first/],
    ['announces less than no records', batchHolding(Buffer.alloc(7), -5), /-5 records are announced/],
    ['has a record that is longer than all', batchHolding(Buffer.from([126, 0, 0, 0, 1, 1, 0]), 1), /a record of 63 bytes that takes 6/],
    [
      'has a record that is shorter than its parts',
      batchHolding(Buffer.from([2, 0, 0, 0, 1, 1, 0]), 1),
      /a record of 1 bytes that takes 6/,
    ],
    ['has a record of a negative length', batchHolding(Buffer.from([3, 0, 0, 0, 1, 1, 0]), 1), /a record of -2 bytes that takes 6/],
    ['has a record that is not in its range', batchHolding(record(0, 0, 2, 1, 1, 0), 1), /a record 1 behind the first/],
    ['has a record before its first', batchHolding(record(0, 0, 1, 1, 1, 0), 1), /a record -1 behind the first/],
    [
      'has a key that is longer than what is left',
      batchHolding(record(0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 0), 1),
      /2147483647 bytes are announced/,
    ],
    ['has a value of a negative length', batchHolding(record(0, 0, 0, 1, 3, 0), 1), /-2 bytes are announced/],
    [
      'announces headers that cannot be there',
      batchHolding(record(0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f), 1),
      /2147483647 things are announced/,
    ],
    ['has a header without name', batchHolding(record(0, 0, 0, 1, 1, 2, 1, 1), 1), /-1 bytes are announced/],
    ['has a number that does not end', batchHolding(record(0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80), 1), /a number has no end/],
    ['has a time that does not end', batchHolding(record(0, ...Array<number>(12).fill(0x80)), 1), /a number has no end/],
    ['ends before its record does', batchHolding(Buffer.from([12, 0, 0, 0, 1, 1, 0x80]), 1), /1 bytes are announced where 0 are left/],
    [
      'has more than its records',
      batchHolding(Buffer.concat([record(0, 0, 0, 1, 1, 0), Buffer.alloc(3)]), 1),
      /3 bytes behind the last record/,
    ],
    [
      'is too short to be one',
      batchOf(messages).then((bytes) => changed(bytes, (head) => head.writeInt32BE(20, 8))),
      /a batch of 20 bytes/,
    ],
    [
      'has a negative length',
      batchOf(messages).then((bytes) => changed(bytes, (head) => head.writeInt32BE(-20, 8))),
      /a batch of -20 bytes/,
    ],
    [
      'has a codec that nobody knows',
      batchOf(messages).then((bytes) => changed(bytes, (head) => head.writeInt16BE(7, 21))),
      /the codec 7 is not known/,
    ],
  ])('cannot be read when it %s', async (_, batch, why) => {
    const found = await read(await batch);
    expect(found).toMatchObject([{ error: { code: 'BATCH_UNREADABLE', message: expect.stringMatching(why) as string } }]);
  });

  it('is read or refused, and nothing else, whatever bytes it has', async () => {
    const random = new Random(7);
    const pick = (below: number): number => Math.floor(random.next() * below);
    const batch = await batchOf(
      Array.from({ length: 5 }, () => ({ key: 'k', value: 'v'.repeat(100), headers: { a: 'b', c: ['d', 'e'] } })),
    );
    const ends = { read: 0, refused: 0 };
    for (let i = 0; i < 20_000; i++) {
      const mutated = changed(batch, (bytes) => {
        for (let changes = 1 + pick(3); changes > 0; changes--) bytes[21 + pick(bytes.length - 21)] = pick(256);
      });
      const records = await read(mutated);
      const barred = records.filter((record) => record instanceof UnreadableBatch);
      if (barred.length === 0) ends.read++;
      else {
        expect(records).toHaveLength(1);
        expect(barred[0]).toMatchObject({ error: { code: 'BATCH_UNREADABLE' } });
        ends.refused++;
      }
    }
    expect(Math.min(ends.read, ends.refused)).toBeGreaterThan(1_000);
  });
});

describe('an answer with records', () => {
  it('gives each partition memory of its own, so that none keeps what others have fetched', async () => {
    const large = await batchOf([{ value: 'x'.repeat(100_000) }]);
    const small = await batchOf([{ value: 'y' }]);
    const answer = answerOf(11, 't', [large, small]);
    const [of] = (await decodeFetch(11, answer))!.responses;
    const bytesHeld = of!.partitions.map(({ messages: [first] }) => first!.value!.buffer.byteLength);
    // The larger one is most of the answer: there a copy would save nothing.
    expect(bytesHeld[0]).toBe(answer.buffer.byteLength);
    expect(bytesHeld[1]).toBeLessThan(10_000);
  });

  it('is left to kafkajs when a partition has messages of the format before', async () => {
    const old = Buffer.alloc(40);
    old[16] = 1;
    expect(await decodeFetch(11, answerOf(11, 't', [await batchOf(messages), old]))).toBeUndefined();
  });

  it.each<[string, (answer: Buffer) => void]>([
    ['announces topics that cannot be there', (answer) => answer.writeInt32BE(2 ** 31 - 1, 10)],
    ['announces less than no topics', (answer) => answer.writeInt32BE(-2, 10)],
    ['has a name that is longer than all', (answer) => answer.writeInt16BE(32_767, 14)],
    ['announces partitions that cannot be there', (answer) => answer.writeInt32BE(2 ** 31 - 1, 17)],
    ['announces aborted transactions that cannot be there', (answer) => answer.writeInt32BE(2 ** 31 - 1, 51)],
    ['has records that are longer than all', (answer) => answer.writeInt32BE(2 ** 31 - 1, 75)],
  ])('is refused when it %s', async (_, change) => {
    const answer = answerOf(11, 't', [await batchOf(messages)]);
    change(answer);
    await expect(decodeFetch(11, answer)).rejects.toMatchObject({ code: 'BATCH_UNREADABLE', retriable: false });
  });
});
