import kafkajs, { type Kafka } from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';

import { newClient } from '../../src/kafka/kafkajs/client.js';
import { FetchedRecord } from '../../src/kafka/kafkajs/wire/fetched-record.js';
import { settingsOf } from '../../src/kafka/kafkajs/options.js';
import { useOwnWire } from '../../src/kafka/kafkajs/wire/own-wire.js';
import { type Notice, Notices } from '../../src/telemetry/notices.js';
import { answerOf, batchOf } from '../support/fetch-answer.js';
import { type KafkaJsAnswer, KafkaJsEncoder, kafkaJsLookup } from '../support/kafkajs-inside.js';

interface Request {
  readonly request: { encode(): Promise<{ readonly buffer: Buffer }> };
  readonly response: { decode(answer: Buffer): Promise<KafkaJsAnswer> };
}
interface Broker {
  lookupRequest: unknown;
  produce(request: object): Promise<Request>;
  fetch(request: object): Promise<Request>;
}
interface Cluster {
  brokerPool: { createBroker(options: object): Broker };
}

const message = { key: 'k', value: 'v', headers: { a: 'b' }, timestamp: '1790000000000' };
const produced = {
  acks: -1,
  timeout: 1_000,
  compression: 0,
  producerId: '7',
  producerEpoch: 0,
  topicData: [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages: [message] }] }],
};

describe('what a kafkajs client writes and reads', () => {
  let raised: Notice[];
  let notices: Notices;
  beforeEach(() => {
    raised = [];
    notices = new Notices();
    notices.onNotice((notice) => raised.push(notice));
  });
  const codes = (): string[] => raised.map(({ code }) => code);

  const ownClient = (): Kafka => newClient(settingsOf({ brokers: ['localhost:1'], clientId: 'c' }), notices);

  it('goes through our encoder and decoder when it is a client of ours, with kafkajs as it is installed here', async () => {
    expect(await payload(ownClient())).not.toBeInstanceOf(KafkaJsEncoder);
    expect(await fetched(ownClient())).toBeInstanceOf(FetchedRecord);
    expect(codes()).toEqual([]);
  });

  it('goes through those of kafkajs when it is a client of the application, with the same bytes', async () => {
    const theirs = await payload(anyClient());
    expect(theirs).toBeInstanceOf(KafkaJsEncoder);
    expect(theirs.buffer).toEqual((await payload(ownClient())).buffer);
    expect(await fetched(anyClient())).not.toBeInstanceOf(FetchedRecord);
  });

  it.each<[string, (client: Kafka) => void]>([
    ['a client that makes its clusters otherwise', (client) => delete insideOf(client)[clusterKey(client)]],
    ['a cluster that makes its brokers otherwise', (client) => changeCluster(client, (cluster) => void (cluster.brokerPool = {} as never))],
    [
      'a broker that looks its requests up otherwise',
      (client) =>
        changeCluster(client, ({ brokerPool }) => {
          const create = brokerPool.createBroker;
          brokerPool.createBroker = (options) => Object.assign(create(options), { lookupRequest: undefined });
        }),
    ],
  ])('is left to kafkajs for %s, and an operator is told once', (_, change) => {
    const client = anyClient();
    change(client);
    useOwnWire(client, notices);
    useOwnWire(client, notices);
    if (clusterKeyOf(client) !== undefined) {
      const { brokerPool } = insideOf(client)[clusterKey(client)]!({});
      if ('createBroker' in brokerPool) brokerPool.createBroker(connection());
    }
    expect(codes()).toEqual(['CLIENT_UNKNOWN']);
  });

  it('is left to kafkajs for versions of a request that we do not know, and an operator is told', async () => {
    expect(await payload(ownClient(), 2)).toBeInstanceOf(KafkaJsEncoder);
    expect(codes()).toEqual(['CLIENT_UNKNOWN']);
  });

  it('is left to kafkajs where messages are of an old format', async () => {
    const { response } = await brokerOf(ownClient(), 11).fetch({ topics: [] });
    // An empty message of the format before.
    const old = Buffer.alloc(40);
    old[16] = 1;
    const { responses } = await response.decode(answerOf(11, 't', [old]));
    expect(responses[0]!.partitions[0]!.messages).toMatchObject([{ magicByte: 1 }]);
    expect(codes()).toEqual([]);
  });
});

function anyClient(): Kafka {
  return new kafkajs.Kafka({ brokers: ['localhost:1'], logLevel: kafkajs.logLevel.NOTHING });
}

function insideOf(client: Kafka): Record<symbol, ((options: object) => Cluster) | undefined> {
  return client as never;
}

function clusterKeyOf(client: Kafka): symbol | undefined {
  return Object.getOwnPropertySymbols(client).find(({ description }) => description === 'private:Kafka:createCluster');
}

function clusterKey(client: Kafka): symbol {
  const key = clusterKeyOf(client);
  if (key === undefined) throw new Error('kafkajs makes its clusters otherwise');
  return key;
}

function changeCluster(client: Kafka, change: (cluster: Cluster) => void): void {
  const inside = insideOf(client);
  const key = clusterKey(client);
  const create = inside[key]!;
  inside[key] = (options) => {
    const cluster = create(options);
    change(cluster);
    return cluster;
  };
}

/** In place of a socket: what is sent comes back. */
function connection(): object {
  const logger = { namespace: () => logger, debug: () => undefined };
  return { logger, connectionPool: { connectionTimeout: 1_000, send: (request: Request) => Promise.resolve(request) } };
}

function brokerOf(client: Kafka, version: number): Broker {
  const cluster = insideOf(client)[clusterKey(client)]!({});
  const broker = cluster.brokerPool.createBroker(connection());
  broker.lookupRequest = kafkaJsLookup({ 0: { minVersion: 0, maxVersion: version }, 1: { minVersion: 0, maxVersion: version } });
  return broker;
}

/** The body of a Produce request as the client hands it to its connection. */
async function payload(client: Kafka, version = 7): Promise<{ readonly buffer: Buffer }> {
  const { request } = await brokerOf(client, version).produce(produced);
  return request.encode();
}

/** The first record of an answer as the client reads it. */
async function fetched(client: Kafka, version = 11): Promise<unknown> {
  const { response } = await brokerOf(client, version).fetch({ topics: [] });
  const { responses } = await response.decode(answerOf(version, 't', [await batchOf([message])]));
  return responses[0]!.partitions[0]!.messages[0];
}
