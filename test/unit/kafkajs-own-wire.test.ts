import { createRequire } from 'node:module';

import kafkajs, { type Kafka } from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';

import { newClient } from '../../src/kafka/kafkajs/client.js';
import { settingsOf } from '../../src/kafka/kafkajs/options.js';
import { useOwnWire } from '../../src/kafka/kafkajs/own-wire.js';
import { type Notice, Notices } from '../../src/telemetry/notices.js';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new () => { readonly buffer: Buffer };
const { lookup } = require('kafkajs/src/protocol/requests') as { lookup: (versions: object) => unknown };

interface Broker {
  lookupRequest: unknown;
  produce(request: object): Promise<{ encode(): Promise<{ readonly buffer: Buffer }> }>;
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

describe('what a kafkajs client writes', () => {
  let raised: Notice[];
  let notices: Notices;
  beforeEach(() => {
    raised = [];
    notices = new Notices();
    notices.onNotice((notice) => raised.push(notice));
  });
  const codes = (): string[] => raised.map(({ code }) => code);

  it('is encoded by us when it is a client of ours, as it is installed here', async () => {
    const client = newClient(settingsOf({ brokers: ['localhost:1'], clientId: 'c' }), notices);
    expect(await payload(client)).not.toBeInstanceOf(Encoder);
    expect(codes()).toEqual([]);
  });

  it('is encoded by kafkajs when it is a client of the application, to the same bytes', async () => {
    const ours = await payload(newClient(settingsOf({ brokers: ['localhost:1'], clientId: 'c' }), notices));
    const theirs = await payload(anyClient());
    expect(theirs).toBeInstanceOf(Encoder);
    expect(theirs.buffer).toEqual(ours.buffer);
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

  it('is left to kafkajs for versions of the request that we do not know, and an operator is told', async () => {
    const client = newClient(settingsOf({ brokers: ['localhost:1'], clientId: 'c' }), notices);
    expect(await payload(client, 2)).toBeInstanceOf(Encoder);
    expect(codes()).toEqual(['CLIENT_UNKNOWN']);
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
  return { logger, connectionPool: { connectionTimeout: 1_000, send: ({ request }: { request: object }) => Promise.resolve(request) } };
}

/** The body of a Produce request as the client hands it to its connection. */
async function payload(client: Kafka, version = 7): Promise<{ readonly buffer: Buffer }> {
  const cluster = insideOf(client)[clusterKey(client)]!({});
  const broker = cluster.brokerPool.createBroker(connection());
  broker.lookupRequest = lookup({ 0: { minVersion: 0, maxVersion: version } });
  return (await broker.produce(produced)).encode();
}
