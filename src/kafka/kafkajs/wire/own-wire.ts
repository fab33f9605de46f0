import type { Kafka } from 'kafkajs';

import type { Notices } from '../../../telemetry/notices.js';
import { keepBrokersApart, type BrokerPool } from './broker-numbers.js';
import { decodeFetch } from './fetch-response.js';
import { encodeProduce, type ProduceArguments } from './produce-request.js';

const PRODUCE = 0;
const FETCH = 1;

/** Versions whose bodies are those that we write and read. */
const KNOWN = { Produce: { from: 3, to: 7 }, Fetch: { from: 4, to: 11 } };

/** A request as kafkajs keeps it until it has a connection, with what will read the answer. */
interface Request {
  readonly request: { readonly apiVersion: number; readonly encode: () => Promise<unknown> };
  readonly response: { readonly decode: (answer: Buffer) => Promise<unknown> };
}
type NewRequest = (given: unknown) => Request;
type Unknown = (what: string) => void;
type Lookup = (apiKey: number, definition: unknown) => NewRequest;

interface Broker {
  lookupRequest: Lookup;
}
interface Cluster {
  readonly brokerPool: BrokerPool & { createBroker: (options: unknown) => Broker };
}
type NewCluster = (options: unknown) => Cluster;

const told = new WeakSet<Notices>();

/**
 * Lets every record that this client sends or fetches go through our encoder and decoder. kafkajs looks each request up by its
 * key, at the broker that it goes to; there the request gets another `encode` or `decode`, and the rest of kafkajs sees no
 * difference. Nothing but this client is touched. A kafkajs that is built otherwise does it by itself, more slowly, and a notice says so.
 */
export function useOwnWire(client: Kafka, notices: Notices): void {
  const unknown: Unknown = (what) => {
    if (told.has(notices)) return;
    told.add(notices);
    const message = `kafkajs writes and reads records by itself, which is slower: it has no ${what} as 2.2.4 has`;
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
    if (typeof pool?.refreshMetadata !== 'function') unknown('brokerPool.refreshMetadata');
    else keepBrokersApart(pool);
    return cluster;
  };
}

/** A broker has its lookup from the moment that it has told its versions. */
function throughOurs(broker: Broker, unknown: Unknown): Broker {
  let lookup = (broker as Partial<Broker>).lookupRequest;
  if (typeof lookup !== 'function') unknown('broker.lookupRequest');
  else
    Object.defineProperty(broker, 'lookupRequest', {
      configurable: true,
      enumerable: true,
      get: (): Lookup => (apiKey, definition) => {
        const newRequest = lookup!(apiKey, definition);
        if (apiKey === PRODUCE) return (given) => withOwnEncoding(newRequest(given), given as ProduceArguments, unknown);
        if (apiKey === FETCH) return (given) => withOwnDecoding(newRequest(given), unknown);
        return newRequest;
      },
      set: (next: Lookup) => {
        lookup = next;
      },
    });
  return broker;
}

function withOwnEncoding(made: Request, given: ProduceArguments, unknown: Unknown): Request {
  if (!isKnown('Produce', made, unknown)) return made;
  return { ...made, request: { ...made.request, encode: async () => asEncoder(await encodeProduce(given)) } };
}

function withOwnDecoding(made: Request, unknown: Unknown): Request {
  if (!isKnown('Fetch', made, unknown)) return made;
  const { request, response } = made;
  const decode = async (answer: Buffer): Promise<unknown> => (await decodeFetch(request.apiVersion, answer)) ?? response.decode(answer);
  return { ...made, response: { ...response, decode } };
}

function isKnown(name: keyof typeof KNOWN, { request, response }: Request, unknown: Unknown): boolean {
  const { from, to } = KNOWN[name];
  const known = request.apiVersion >= from && request.apiVersion <= to;
  if (known && typeof request.encode === 'function' && typeof response.decode === 'function') return true;
  unknown(`${name} request of version ${from} to ${to}`);
  return false;
}

/** What kafkajs copies into the request from, behind its header. */
function asEncoder(bytes: Buffer): { readonly buf: Buffer; readonly buffer: Buffer } {
  return { buf: bytes, buffer: bytes };
}
