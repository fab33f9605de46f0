// A process of its own that uses kafkajs, alone or under the driver: what gets out of it reaches the process. Says what it
// gets to on stdout, one line each. Its arguments: what it plays, and the servers.
import { kafkajsDriver } from '../../src/kafka/kafkajs/driver.js';
import { Notices } from '../../src/telemetry/notices.js';
import { Reader, records, soon, text } from '../../src/testing/driver-conformance-stage.js';
import { uniquePrefix } from './kafka.js';
import { kafkajsClient } from './kafkajs-client.js';

const [play, bootstrap] = process.argv.slice(2) as [keyof typeof PLAYS, string];
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const notices = new Notices();
notices.onNotice(({ code, error }) => void (code === 'CLIENT_FAILED' && say(`CLIENT_FAILED ${String(error)}`)));
const newDriver = () => kafkajsDriver({ brokers: bootstrap.split(','), clientId: 'child', fetchMaxWaitMs: 50 }, notices);

/** Node 24 says so by itself, an older one does not. */
function warnOfTimersInThePast(): void {
  const original = globalThis.setTimeout;
  let warned = false;
  const watched = (callback: () => void, ms?: number, ...more: unknown[]): NodeJS.Timeout => {
    if (ms !== undefined && ms < 0 && !warned) process.stderr.write(`a timer for ${ms} ms\n`);
    warned ||= ms !== undefined && ms < 0;
    return original(callback, ms, ...(more as []));
  };
  globalThis.setTimeout = Object.assign(watched, original);
}

async function raw(): Promise<void> {
  const admin = kafkajsClient(bootstrap).admin();
  await admin.connect();
  say('connected');
  await admin.disconnect();
}

/** Sends and reads one record. */
async function driver(): Promise<void> {
  const used = newDriver();
  await used.connect();
  say('connected');
  const topic = uniquePrefix();
  await used.admin.ensureTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }]);
  await used.produce(topic, 0, records('sent'), soon());
  const reader = new Reader(used, topic, uniquePrefix());
  await reader.join();
  say((await reader.read(1)).map(text).join());
  await used.close(5_000);
}

async function refused(): Promise<void> {
  const used = newDriver();
  await used.connect().catch((error: unknown) => say(String(error)));
  await used.close(1_000);
}

const PLAYS = {
  raw,
  driver,
  refused,
  timers: () => (warnOfTimersInThePast(), driver()),
  /** The driver has been used, and the application forgets to handle a rejection of its own. */
  rejection: async () => {
    const used = newDriver();
    await used.connect();
    await used.close(1_000);
    say('connected');
    void Promise.reject(new Error('of the application'));
    setTimeout(() => say('went on'), 10);
  },
};

await PLAYS[play]();
