import { AbortedTransactions, type AbortedTransaction } from './aborted-transactions.js';
import { areBatches, readBatches } from './batch-reader.js';
import { ByteReader } from './byte-reader.js';
import type { FetchedRecord } from './fetched-record.js';

/** An answer to Fetch as kafkajs has it. 64 bit numbers are decimal digits there. */
export interface FetchResponse {
  readonly throttleTime: number;
  readonly clientSideThrottleTime?: number;
  readonly errorCode?: number;
  readonly sessionId?: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedPartition[] }[];
}

interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset?: string;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly preferredReadReplica?: number;
  readonly messages: readonly FetchedRecord[];
}

/** A partition that has less than this share of an answer gets memory of its own. */
const SHARE = 0.5;

/**
 * Reads an answer to a Fetch request, version 4 to 11. Undefined when a partition holds messages of a format before v2: kafkajs knows
 * them. Records share the memory of what was fetched for their partition, and hold on to no more: an answer has up
 * to 10 MB of all partitions, and would stay as long as the slowest of them is at work.
 */
export async function decodeFetch(version: number, answer: Buffer): Promise<FetchResponse | undefined> {
  const from = new ByteReader(answer);
  const throttleTime = from.int32();
  const session = version >= 7 ? { errorCode: from.int16(), sessionId: from.int32() } : {};
  const responses: { topicName: string; partitions: FetchedPartition[] }[] = [];
  for (let topics = from.count(6); topics > 0; topics--) {
    const topicName = from.text();
    const partitions: FetchedPartition[] = [];
    for (let count = from.count(18); count > 0; count--) {
      const head = readHead(from, version);
      const bytes = from.slice(from.int32()) ?? Buffer.alloc(0);
      if (!areBatches(bytes)) return undefined;
      const own = bytes.length < answer.length * SHARE ? Buffer.from(bytes) : bytes;
      const messages = await readBatches(topicName, head.partition, own, new AbortedTransactions(head.abortedTransactions));
      // They are sorted out already.
      partitions.push({ ...head, abortedTransactions: [], messages });
    }
    responses.push({ topicName, partitions });
  }
  // From version 8 on it is the client that has to wait.
  if (version >= 8) return { throttleTime: 0, clientSideThrottleTime: throttleTime, ...session, responses };
  return { throttleTime, ...session, responses };
}

function readHead(from: ByteReader, version: number): Omit<FetchedPartition, 'messages'> {
  return {
    partition: from.int32(),
    errorCode: from.int16(),
    highWatermark: from.int64().toString(),
    lastStableOffset: from.int64().toString(),
    ...(version >= 5 && { lastStartOffset: from.int64().toString() }),
    abortedTransactions: Array.from({ length: from.count(16) }, () => ({
      producerId: from.int64().toString(),
      firstOffset: from.int64().toString(),
    })),
    ...(version >= 11 && { preferredReadReplica: from.int32() }),
  };
}
