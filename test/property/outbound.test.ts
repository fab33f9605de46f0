import { describe, expect, it } from 'vitest';

import { BusbarError } from '../../src/errors.js';
import { ProduceError } from '../../src/kafka/produce-error.js';
import { Random } from '../support/random.js';
import { envelope, inAMinute, keyless, outbound, textCodec } from '../unit/outbound/publisher-fixture.js';

const EVENTS = 400;
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Publishes through a codec that dawdles and fails, a small queue, and a driver that fails in every way it may. */
async function run(seed: number): Promise<void> {
  const chance = new Random(seed);
  const random = (): number => chance.next();
  const { driver, publisher } = outbound({
    limits: { batchRecords: 1 + Math.floor(random() * 20), bufferRecords: 5 + Math.floor(random() * 60), batchBytes: 3000 },
    codec: {
      ...textCodec,
      encode: (_, data) => {
        const bytes = Buffer.from(String(data['text']));
        if (random() < 0.7) return bytes;
        const fails = random() < 0.1;
        return turns(Math.floor(random() * 4)).then(() => {
          if (fails) throw new BusbarError('EVENT_INVALID', 'cannot be encoded');
          return bytes;
        });
      },
    },
  });
  driver.count = async () => turns(3).then(() => 3);
  const poisoned = (values: readonly string[]): boolean => values.some((value) => Number(value) % 97 === 13);
  driver.before = async ({ values }) => {
    await turns(Math.floor(random() * 3));
    if (poisoned(values)) throw new ProduceError('KAFKA_FAILED', 'invalid record', { certainty: 'not-sent' });
    if (random() < 0.02) throw new ProduceError('BROKER_UNREACHABLE', 'no broker answers', { certainty: 'not-sent', retriable: true });
    if (random() < 0.02) throw new ProduceError('KAFKA_FAILED', 'refused', { certainty: 'unknown' });
  };
  driver.after = () => {
    if (random() < 0.02) throw new ProduceError('DELIVERY_TIMEOUT', 'no answer', { certainty: 'unknown', retriable: true });
    if (random() < 0.02) throw new ProduceError('KAFKA_FAILED', 'refused', { certainty: 'unknown' });
  };

  const calls: Promise<PromiseSettledResult<unknown>>[] = [];
  for (let number = 0; number < EVENTS; number += 1) {
    const given = random() < 0.2 ? keyless(String(number)) : envelope(String(number), `key-${Math.floor(random() * 9)}`);
    const call = publisher.accept(given, inAMinute()).then(({ safe }) => safe);
    calls.push(Promise.allSettled([call]).then(([result]) => result));
    if (random() < 0.05) await turns(1);
  }
  const results = await Promise.all(calls);

  const logs = [0, 1, 2].map((partition) => driver.on('notes', partition));
  results.forEach((result, number) => {
    if (result.status === 'fulfilled') {
      const { partition, offset } = result.value as { partition: number; offset: number };
      expect(logs[partition]![offset], 'a safe event is where its receipt says').toBe(String(number));
    } else if ((result.reason as { certainty: string }).certainty === 'not-sent') {
      expect(logs.flat(), 'an event that was not sent is nowhere').not.toContain(String(number));
    }
  });
  for (const log of logs) {
    const first = [...new Set(log)].map(Number);
    expect(first, 'the log has the order of the calls').toEqual(first.toSorted((a, b) => a - b));
  }
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(EVENTS / 2);
  expect(publisher.queued()).toEqual({ records: 0, bytes: 0, oldestMs: 0 });
}

describe('whatever the codec and the driver do', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'nothing safe is lost, nothing not sent is on the log, and the order is that of the calls (seed %i)',
    run,
  );
});
