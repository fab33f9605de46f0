import type { Admin, Kafka, Producer, Transaction } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { until } from '../support/application.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { createTopic, kafkajsClient, produce } from '../support/kafkajs-client.js';

const REAL = Boolean(process.env['KAFKA_BOOTSTRAP_SERVERS']);

/** What one of the two does: the tests say it of both, and each run looks at the one that it has. */
const either = <T>(embedded: T, real: T): T => (REAL ? real : embedded);

/** How the call ends: the error that Kafka names, or the value. */
const ended = (call: Promise<unknown>): Promise<unknown> =>
  call.catch(
    (
      error: Error & {
        type?: string;
        cause?: { type?: string; partitions?: { error: { type?: string } }[] };
        errors?: { type?: string }[];
      },
    ) => error.type ?? error.cause?.type ?? error.errors?.[0]?.type ?? error.cause?.partitions?.[0]?.error.type ?? error,
  );

describe(`where the embedded broker differs from Apache Kafka: ${either('the embedded broker', 'Apache Kafka')}`, () => {
  let client: Kafka;
  let admin: Admin;
  let topic: string;
  const producers: Producer[] = [];

  beforeEach(async () => {
    client = kafkajsClient((await sharedKafka()).bootstrap, { retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 500 } });
    admin = client.admin();
    await admin.connect();
    topic = uniquePrefix();
    await createTopic(client, topic);
  });
  afterEach(async () => {
    await Promise.all(producers.splice(0).map((producer) => producer.disconnect()));
    await admin.disconnect();
  });

  it('a group that nobody knows has no offsets; the embedded broker knows of no such group', async () => {
    let offsets: unknown;
    // While the topic that keeps offsets is being made.
    const notYet: unknown[] = ['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS'];
    await until(async () => {
      offsets = await ended(admin.fetchOffsets({ groupId: topic, topics: [topic] }));
      return !notYet.includes(offsets);
    });
    expect(offsets).toEqual(
      either<unknown>('GROUP_ID_NOT_FOUND', [{ topic, partitions: [{ partition: 0, offset: '-1', metadata: null }] }]),
    );
  });

  it('a name that is none is refused; the embedded broker makes the topic', async () => {
    const created = ended(admin.createTopics({ topics: [{ topic: `${topic}/no name` }], waitForLeaders: false }));
    expect(await created).toBe(either<unknown>(true, 'INVALID_TOPIC_EXCEPTION'));
  });

  it('what is deleted already can be deleted; the embedded broker refuses', async () => {
    await produce(client, topic, ['a', 'b', 'c']);
    await admin.fetchTopicMetadata({ topics: [topic] });
    const deleteBelow = (offset: string) => ended(admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] }));
    expect(await deleteBelow('2')).toBeUndefined();
    expect(await deleteBelow('1')).toBe(either<unknown>('OFFSET_OUT_OF_RANGE', undefined));
  });

  it('a producer that another one has replaced is told so; the embedded broker says it in words that kafkajs does not know', async () => {
    const transactionalId = uniquePrefix();
    const transaction = async (): Promise<Transaction> => {
      const producer = client.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
      producers.push(producer);
      await producer.connect();
      return producer.transaction();
    };
    const first = await transaction();
    await transaction();
    expect(await ended(first.send({ topic, messages: [{ partition: 0, value: 'late' }] }))).toBe(
      either('KAFKAJS_UNKNOWN_ERROR_CODE', 'INVALID_PRODUCER_EPOCH'),
    );
  });

  it('a session shorter than the broker allows is refused; the embedded broker takes it', async () => {
    const consumer = client.consumer({ groupId: uniquePrefix(), sessionTimeout: 2_000, heartbeatInterval: 500, maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const outcome = new Promise((resolve) => {
      consumer.on('consumer.group_join', () => resolve('joined'));
      consumer.on('consumer.crash', ({ payload }) => resolve((payload.error as Error & { type?: string }).type));
    });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    expect(await outcome).toBe(either('joined', 'INVALID_SESSION_TIMEOUT'));
    await consumer.disconnect();
  });

  it('more copies than there are brokers are refused, by both', async () => {
    const { brokers } = await admin.describeCluster();
    const topics = [{ topic: uniquePrefix(), replicationFactor: brokers.length + 1 }];
    expect(await ended(admin.createTopics({ topics, waitForLeaders: false }))).toBe('INVALID_REPLICATION_FACTOR');
  });

  it('a topic has as many copies as the cluster says; the embedded broker has one', async () => {
    const { brokers } = await admin.describeCluster();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]!.partitions[0]!.replicas).toHaveLength(either(1, Math.min(3, brokers.length)));
  });
});
