import type { Kafka } from 'kafkajs';

import type { Notices } from '../../telemetry/notices.js';
import { encodeProduce, type ProduceArguments } from './produce-request.js';

const PRODUCE = 0;
/** Versions of the request whose body is the one that we write. */
const PRODUCE_VERSIONS = { from: 3, to: 7 };

/** A request as kafkajs keeps it until it has a connection. */
interface Request {
  readonly request: { readonly apiVersion: number; readonly encode: () => Promise<unknown> };
}
type NewRequest = (given: unknown) => Request;
type Lookup = (apiKey: number, definition: unknown) => NewRequest;

interface Broker {
  lookupRequest: Lookup;
}
interface Cluster {
  readonly brokerPool: { createBroker: (options: unknown) => Broker };
}
type NewCluster = (options: unknown) => Cluster;

const told = new WeakSet<Notices>();

/**
 * Lets everything that this client sends go through our encoder. kafkajs looks each request up by its key, at the broker
 * that it goes to; there the request gets another `encode`, and the rest of kafkajs sees no difference. Nothing but this client
 * is touched. A kafkajs that is built otherwise keeps its own encoding, which writes the same bytes more slowly, and a notice says so.
 */
export function useOwnWire(client: Kafka, notices: Notices): void {
  const unknown = (what: string): void => {
    if (told.has(notices)) return;
    told.add(notices);
    const message = `kafkajs writes records by itself, which is slower: it has no ${what} as 2.2.4 has`;
    notices.raise({ level: 'warn', code: 'CLIENT_UNKNOWN', message });
  };
  const inside = client as unknown as Record<symbol, NewCluster | undefined>;
  const key = Object.getOwnPropertySymbols(client).find(({ description }) => description === 'private:Kafka:createCluster');
  const newCluster = key === undefined ? undefined : inside[key];
  if (key === undefined || typeof newCluster !== 'function') return unknown('createCluster');

  inside[key] = (options) => {
    const cluster = newCluster(options);
    const pool = (cluster as Partial<Cluster>).brokerPool;
    const newBroker = pool?.createBroker;
    if (pool === undefined || typeof newBroker !== 'function') unknown('brokerPool.createBroker');
    else pool.createBroker = (of) => throughOurs(newBroker(of), unknown);
    return cluster;
  };
}

/** A broker has its lookup from the moment that it has told its versions. */
function throughOurs(broker: Broker, unknown: (what: string) => void): Broker {
  let lookup = (broker as Partial<Broker>).lookupRequest;
  if (typeof lookup !== 'function') unknown('broker.lookupRequest');
  else
    Object.defineProperty(broker, 'lookupRequest', {
      configurable: true,
      enumerable: true,
      get: (): Lookup => (apiKey, definition) => {
        const newRequest = lookup!(apiKey, definition);
        return apiKey === PRODUCE ? (given) => withOwnEncoding(newRequest(given), given as ProduceArguments, unknown) : newRequest;
      },
      set: (next: Lookup) => {
        lookup = next;
      },
    });
  return broker;
}

function withOwnEncoding(made: Request, given: ProduceArguments, unknown: (what: string) => void): Request {
  const { request } = made;
  if (request.apiVersion < PRODUCE_VERSIONS.from || request.apiVersion > PRODUCE_VERSIONS.to || typeof request.encode !== 'function') {
    unknown(`Produce request of versions ${PRODUCE_VERSIONS.from} to ${PRODUCE_VERSIONS.to}`);
    return made;
  }
  return { ...made, request: { ...request, encode: async () => asEncoder(await encodeProduce(given)) } };
}

/** What kafkajs copies into the request from, behind its header. */
function asEncoder(bytes: Buffer): { readonly buf: Buffer; readonly buffer: Buffer } {
  return { buf: bytes, buffer: bytes };
}
