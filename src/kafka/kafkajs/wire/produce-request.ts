import type { Message } from 'kafkajs';

import { RecordBatch } from './record-batch.js';

/** What kafkajs makes a Produce request of. */
export interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly compression: number;
  readonly transactionalId?: string | null | undefined;
  readonly producerId: number | string;
  readonly producerEpoch: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence: number;
      readonly messages: readonly Message[];
    }[];
  }[];
}

interface Section {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly batch: RecordBatch }[];
}

/** The body of a Produce request, version 3 or later, in one buffer of its size. Reads the headers of every message once. */
export async function encodeProduce(given: ProduceArguments): Promise<Buffer> {
  const { acks, timeout, compression, transactionalId, producerId, producerEpoch } = given;
  const sections: Section[] = [];
  for (const { topic, partitions } of given.topicData) {
    const batches: { partition: number; batch: RecordBatch }[] = [];
    for (const { partition, firstSequence, messages } of partitions) {
      const origin = { producerId, producerEpoch, firstSequence, transactional: Boolean(transactionalId) };
      batches.push({ partition, batch: await RecordBatch.of(messages, compression, origin) });
    }
    sections.push({ topic, partitions: batches });
  }

  const bytes = Buffer.allocUnsafeSlow(sizeOfText(transactionalId) + 2 + 4 + 4 + sizeOf(sections));
  let at = writeText(bytes, 0, transactionalId);
  at = bytes.writeInt16BE(acks, at);
  at = bytes.writeInt32BE(timeout, at);
  at = bytes.writeInt32BE(sections.length, at);
  for (const { topic, partitions } of sections) {
    at = writeText(bytes, at, topic);
    at = bytes.writeInt32BE(partitions.length, at);
    for (const { partition, batch } of partitions) {
      at = bytes.writeInt32BE(partition, at);
      at = bytes.writeInt32BE(batch.size, at);
      at = batch.write(bytes, at);
    }
  }
  return bytes;
}

function sizeOf(sections: readonly Section[]): number {
  let size = 0;
  for (const { topic, partitions } of sections) {
    size += sizeOfText(topic) + 4;
    for (const { batch } of partitions) size += 4 + 4 + batch.size;
  }
  return size;
}

function sizeOfText(text: string | null | undefined): number {
  return 2 + Buffer.byteLength(text ?? '');
}

/** Kafka's nullable string: its length in two bytes, -1 when there is none. */
function writeText(bytes: Buffer, at: number, text: string | null | undefined): number {
  const next = bytes.writeInt16BE(typeof text === 'string' ? Buffer.byteLength(text) : -1, at);
  return next + bytes.write(text ?? '', next, 'utf8');
}
