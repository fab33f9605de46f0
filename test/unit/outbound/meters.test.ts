import { describe, expect, it } from 'vitest';

import { EventBus } from '../../../src/bus/event-bus.js';
import { ProduceError } from '../../../src/kafka/produce-error.js';
import { OTHER_TOPICS, TopicMeters } from '../../../src/telemetry/topic-meters.js';
import { Notices } from '../../../src/telemetry/notices.js';
import { envelope, inAMinute, inHalfASecond, Noted, outbound, turn, unreachable, wireRecord } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

describe('The meter of a topic', () => {
  it('counts what was acknowledged, what was sent again, and the last error', async () => {
    const { driver, publisher, publish } = outbound();
    let failures = 2;
    driver.before = () => {
      if (failures-- > 0) throw unreachable();
    };
    await Promise.all([publish(envelope('four', 'key')), publish(envelope('fives', 'key'))]);
    const { sent, retries, latencyMs, lastError } = publisher.meters.of('notes').stats();
    expect(sent).toEqual({ records: 2, bytes: 'keyfour'.length + 'keyfives'.length });
    expect(latencyMs.count).toBe(2);
    expect(retries).toBe(2);
    expect(lastError).toMatchObject({ code: 'BROKER_UNREACHABLE', message: 'no broker answers' });
  });

  it('counts no record that was not acknowledged, and says why the last one failed', async () => {
    const { driver, publisher, publish } = outbound();
    driver.before = () => {
      throw new ProduceError('AUTHORIZATION_FAILED', 'not allowed', { certainty: 'not-sent' });
    };
    await expect(publish(envelope('a'))).rejects.toMatchObject({ code: 'AUTHORIZATION_FAILED' });
    expect(publisher.meters.of('notes').stats()).toMatchObject({
      sent: { records: 0, bytes: 0 },
      retries: 0,
      latencyMs: { count: 0 },
      lastError: { code: 'AUTHORIZATION_FAILED', message: 'not allowed' },
    });
  });

  it('tells of a record that waited in vain for the partitions of its topic', async () => {
    const { driver, publisher } = outbound();
    const never = gate();
    driver.count = () => never.opened.then(() => 1);
    const sending = publisher.send(wireRecord('stuck', 'a'), inHalfASecond());
    expect(publisher.queues().get('stuck')).toMatchObject({ records: 1, bytes: 0 });
    await expect(sending).rejects.toMatchObject({ code: 'DELIVERY_TIMEOUT' });
    expect(publisher.queues().size).toBe(0);
    expect(publisher.meters.of('stuck').stats().lastError).toMatchObject({ code: 'DELIVERY_TIMEOUT' });
    never.open();
  });

  it('tells apart what waits for which topic', async () => {
    const { driver, publisher } = outbound();
    const opened = gate();
    driver.before = () => opened.opened;
    const sending = ['one', 'one', 'two'].map((topic) => publisher.send(wireRecord(topic, 'abc'), inAMinute()));
    await turn();
    await turn();
    const queues = publisher.queues();
    expect([...queues.keys()]).toEqual(['one', 'two']);
    expect(queues.get('one')!.records).toBe(2);
    expect(queues.get('one')!.bytes + queues.get('two')!.bytes).toBe(publisher.queued().bytes);
    opened.open();
    await Promise.all(sending);
  });

  it('is one for all topics beyond the first thousand', () => {
    const meters = new TopicMeters();
    for (let n = 0; n < 1_000; n++) meters.add(`topic-${n}`);
    expect(meters.of('topic-7')).not.toBe(meters.of(OTHER_TOPICS));
    expect(meters.of('one-more')).toBe(meters.of('and-another'));
    expect(meters.stats().size).toBe(1_001);
  });
});

describe('The meter of an event', () => {
  it('tells apart what is certainly not sent and what may be', async () => {
    const { driver, publisher } = outbound();
    const bus = new EventBus({ source: '/test', notices: new Notices() });
    bus.connectOutlet(publisher.accept);
    const failures = ['not-sent', 'unknown', 'unknown'] as const;
    let call = 0;
    driver.before = () => {
      const certainty = failures[call++];
      if (certainty !== undefined) throw new ProduceError('KAFKA_FAILED', 'refused', { certainty, retriable: false });
    };
    for (const { length } of failures) await expect(bus.publish(new Noted({ text: String(length) }))).rejects.toThrow('refused');
    await bus.publish(new Noted({ text: 'safe' }));
    await expect(bus.publish(new Noted({ text: 7 } as never))).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await publisher.close(1_000);
    await expect(bus.publish(new Noted({ text: 'late' }))).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    expect(bus.stats()['noted']).toMatchObject({
      published: { safe: 1, notSent: 2, unknown: 2, staged: 0, refused: 1 },
      latencyMs: { count: 1 },
    });
  });
});
