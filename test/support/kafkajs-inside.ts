import { createRequire } from 'node:module';

// kafkajs itself is the yardstick of what we write and read in its place: that is what brokers have been given for years.
const require = createRequire(import.meta.url);

interface Protocol<T> {
  protocol(of: { version: number }): (given: object) => T;
}

/** kafkajs's own Produce request. */
export const kafkaJsProduce = require('kafkajs/src/protocol/requests/produce') as Protocol<{
  request: { encode(): Promise<{ readonly buffer: Buffer }> };
}>;

/** What kafkajs has read of a record. */
export interface KafkaJsRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | null | (Buffer | null)[]>>;
  readonly attributes: number;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** kafkajs's own answer to a Fetch request. */
export interface KafkaJsAnswer {
  readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly KafkaJsRecord[] }[] }[];
}

export const kafkaJsFetch = require('kafkajs/src/protocol/requests/fetch') as Protocol<{
  response: { decode(answer: Buffer): Promise<KafkaJsAnswer> };
}>;

/** What kafkajs hands on of one partition. */
export const KafkaJsBatch = require('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: object,
) => { readonly messages: readonly { readonly offset: number }[] };

export const kafkaJsChecksum = require('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;
export const KafkaJsEncoder = require('kafkajs/src/protocol/encoder') as new () => { readonly buffer: Buffer };
export const kafkaJsLookup = (require('kafkajs/src/protocol/requests') as { lookup: (versions: object) => unknown }).lookup;
