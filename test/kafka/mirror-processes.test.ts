import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { until } from '../support/application.js';
import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { kafkajsClient } from '../support/kafkajs-client.js';
import { MirrorProcess } from '../support/mirror-instance.js';

const EACH = 10_000;
const CHUNK = 500;

const running: MirrorProcess[] = [];
let directory: string | undefined;
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** Numbers of the events of each source that the instances of a service have heard, all together. */
function heardBy(service: string): Map<string, number[]> {
  const heard = new Map<string, number[]>();
  for (const file of readdirSync(directory!).filter((name) => name.startsWith(`${service}-`))) {
    for (const line of readFileSync(join(directory!, file), 'utf8').split('\n').slice(0, -1)) {
      const [source, number] = line.split(' ') as [string, string];
      const numbers = heard.get(source) ?? [];
      numbers.push(Number(number));
      heard.set(source, numbers);
    }
  }
  return heard;
}

it(`two services of two instances and a producer of plain JSON, ${EACH} events each, and one instance is killed midway`, async () => {
  const began = Date.now();
  directory = mkdtempSync(join(tmpdir(), 'busbar-mirror-'));
  const { bootstrap } = await sharedKafka();
  const topicPrefix = uniquePrefix();
  const start = async (name: string): Promise<MirrorProcess> => {
    const instance = { serviceName: name.slice(0, -2), topicPrefix, bootstrapServers: bootstrap, heardFile: join(directory!, name) };
    const started = await MirrorProcess.start(instance);
    running.push(started);
    return started;
  };
  const [first, second, third, fourth] = [await start('shop-1'), await start('shop-2'), await start('billing-1'), await start('billing-2')];

  const publish = async (from: number, to: number, by: () => MirrorProcess): Promise<void> => {
    for (let at = from; at < to; at += CHUNK) await by().publish(at, at + CHUNK);
  };
  const half = EACH / 2;
  const shop = async (): Promise<void> => {
    const doomed = publish(0, half / 2, () => first);
    const survivor = publish(half, EACH, () => second);
    await doomed;
    // Nothing of it is on its way now, while it still hears what others publish.
    await first.kill();
    await survivor;
    await publish(half / 2, half, () => second);
  };
  const producing = async (): Promise<void> => {
    const producer = kafkajsClient(bootstrap).producer();
    await producer.connect();
    for (let at = 0; at < EACH; at += CHUNK) {
      const messages = Array.from({ length: CHUNK }, (_, i) => at + i).map((number) => ({
        key: String(number % 100),
        value: JSON.stringify({ event_type: 'message_sent', data: { number } }),
      }));
      await producer.send({ topic: `${topicPrefix}.messages`, messages });
    }
    await producer.disconnect();
  };
  await Promise.all([shop(), publish(0, half, () => third), publish(half, EACH, () => fourth), producing()]);
  await until(async () => (await second.caughtUp()) && (await third.caughtUp()));

  const all = Array.from({ length: EACH }, (_, i) => i);
  const plain = `/topics/${topicPrefix}.messages`;
  let again = 0;
  for (const [service, other] of [
    ['shop', '/billing'],
    ['billing', '/shop'],
  ] as const) {
    const heard = heardBy(service);
    // Its own: once each, where they were published; an echo would be a second time.
    expect(heard.get(`/${service}`)!.toSorted((a, b) => a - b)).toEqual(all);
    for (const source of [other, plain]) {
      const numbers = heard.get(source)!;
      expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(all);
      again += numbers.length - EACH;
    }
  }
  const admin = kafkajsClient(bootstrap).admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(`${topicPrefix}.messages`);
  await admin.disconnect();
  expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(3 * EACH);
  process.stdout.write(`3 x ${EACH} events heard by 2 services in ${Date.now() - began} ms; ${again} heard again after the kill\n`);
});
