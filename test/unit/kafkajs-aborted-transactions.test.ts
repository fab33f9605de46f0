import { describe, expect, it } from 'vitest';

import { decodeFetch } from '../../src/kafka/kafkajs/wire/fetch-response.js';
import { answerOf, batchOf, endOf, transactionOf } from '../support/fetch-answer.js';
import { KafkaJsBatch } from '../support/kafkajs-inside.js';

const A = 1;
const B = 2;
const C = 3;

/** A batch of one record of a transaction. */
const written = (firstOffset: number, producerId: number, key = 'k'): Promise<Buffer> =>
  batchOf([{ key, value: 'v' }], { firstOffset, origin: transactionOf(producerId) });

/** The offsets of what kafkajs hands on of a partition that was fetched. */
async function seen(batches: readonly Promise<Buffer>[], aborted: readonly (readonly [producerId: number, firstOffset: number])[]) {
  const transactions = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }));
  const answer = answerOf(11, 't', [Buffer.concat(await Promise.all(batches))], transactions);
  const [partition] = (await decodeFetch(11, answer))!.responses[0]!.partitions;
  return new KafkaJsBatch('t', '0', partition!).messages.map(({ offset }) => offset);
}

describe('of a transaction that was aborted nothing is seen', () => {
  it('when it is interleaved with one that ends before it, which brokers name first', async () => {
    const batches = [written(0, A), written(1, B), written(2, A), endOf('abort', 3, B), written(4, A), endOf('abort', 5, A)];
    expect(
      await seen(batches, [
        [B, 1],
        [A, 0],
      ]),
    ).toEqual([]);
  });

  it('when several were open before what was fetched begins', async () => {
    const batches = [written(10, C), written(11, B), written(12, A)];
    expect(
      await seen(batches, [
        [A, 1],
        [B, 2],
        [C, 3],
      ]),
    ).toEqual([]);
  });

  it('when a record has a key with the bytes of the end of a transaction', async () => {
    expect(await seen([written(0, A, '\0\0\0\0'), written(1, A), endOf('abort', 2, A)], [[A, 0]])).toEqual([]);
  });

  it('while all of others is: what was committed, what was written outside of transactions, what the same producer writes next', async () => {
    const batches = [
      written(0, A),
      written(1, B),
      batchOf([{ value: 'v' }], { firstOffset: 2, origin: { ...transactionOf(A), transactional: false } }),
      endOf('commit', 3, B),
      endOf('abort', 4, A),
      written(5, A),
      endOf('commit', 6, A),
      written(7, A),
      endOf('abort', 8, A),
    ];
    expect(
      await seen(batches, [
        [A, 0],
        [A, 7],
      ]),
    ).toEqual([1, 2, 5]);
  });
});
