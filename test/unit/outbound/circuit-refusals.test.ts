import { describe, expect, it } from 'vitest';

import { EventBus } from '../../../src/bus/event-bus.js';
import { PublishAllError } from '../../../src/bus/publish-all-error.js';
import { BusbarError } from '../../../src/errors.js';
import { Notices } from '../../../src/telemetry/notices.js';
import { after, fakeTime, outage, TIMEOUT_MS, turns } from './outage.js';
import { keyless, Noted, numbers, outbound, rejected, textCodec, wireRecord } from './publisher-fixture.js';
import { gate } from './scripted-driver.js';

fakeTime();

describe('a refusal', () => {
  it('is its own: a topic that cannot be reached is no reason to refuse what goes to another', async () => {
    const { driver, publisher } = outbound();
    driver.count = async (topic) => {
      if (topic === 'lost') throw new BusbarError('BROKER_UNREACHABLE', 'no leader answers', { retriable: true });
      return 1;
    };
    const toFound = (text: string): Promise<unknown> => publisher.send(wireRecord('found', text), Date.now() + TIMEOUT_MS);
    const waiting = publisher.send(wireRecord('lost', 'a'), Date.now() + TIMEOUT_MS);
    await toFound('b');
    const end = expect(waiting).rejects.toMatchObject({ code: 'DELIVERY_TIMEOUT' });
    await after(60_000);
    await expect(publisher.send(wireRecord('lost', 'b'), Date.now() + TIMEOUT_MS)).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      certainty: 'not-sent',
      message: '[CIRCUIT_OPEN] nothing for lost was acknowledged for 60 s; last: no leader answers',
    });
    expect(publisher.circuits().get('found')).toMatchObject({ state: 'closed' });
    expect(await toFound('c')).toMatchObject({ topic: 'found', offset: 1 });
    await after(60_000);
    await end;
  });

  it('says so where the queue is full of events of a topic that stands still', async () => {
    const { driver, publisher, notices } = outbound({ limits: { bufferRecords: 2 } });
    const back = gate();
    driver.before = ({ topic }) => (topic === 'lost' ? back.opened : undefined);
    const send = (topic: string, text: string): Promise<unknown> => publisher.send(wireRecord(topic, text), Date.now() + TIMEOUT_MS);
    await send('found', 'a');
    const standing = [send('lost', 'b'), send('lost', 'c')];
    await turns();
    const waiting = send('found', 'd');
    await after(60_000);
    await expect(send('found', 'e')).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      message: '[CIRCUIT_OPEN] nothing for found was acknowledged for 60 s; last: the outbound queue is full of other events',
    });
    await expect(send('lost', 'e')).rejects.toMatchObject({
      message: '[CIRCUIT_OPEN] nothing for lost was acknowledged for 60 s; no broker has said why',
    });
    expect(notices.map(({ code }) => code)).toEqual(['CIRCUIT_OPENED', 'CIRCUIT_OPENED']);
    const opened = notices.find(({ details }) => details?.['topic'] === 'found');
    expect(opened?.message).toContain('last: the outbound queue is full of other events; events for it are refused now');
    back.open();
    await Promise.all([...standing, waiting]);
    expect(driver.on('found', 0)).toEqual(['a', 'd']);
    expect(publisher.interruptions()).toEqual([]);
  });

  it('never refuses what is staged, and closes when that is acknowledged', async () => {
    const { driver, publish, publisher, recover } = outage();
    const staged = (text: string): Promise<unknown> => publisher.sendStaged(wireRecord('notes', text), Date.now() + TIMEOUT_MS);
    const first = staged('one');
    await after(60_000);
    await expect(publish('refused')).rejects.toEqual(rejected('CIRCUIT_OPEN', 'not-sent'));
    const second = staged('two');
    recover();
    await Promise.all([first, second]);
    expect(driver.on('notes', 0)).toEqual(['one', 'two']);
    expect(publisher.circuits().get('notes')).toMatchObject({ state: 'closed' });
  });

  it('refuses an event whose codec is still at work, and what becomes of that does no harm', async () => {
    const slow = gate();
    const { publish, publisher, recover, driver } = outage({
      codec: {
        ...textCodec,
        encode: (_, { text }) => {
          if (text === 'a') return Buffer.from('a');
          return slow.opened.then(() => {
            throw new BusbarError('EVENT_INVALID', 'cannot be encoded');
          });
        },
      },
    });
    void publish('a');
    await after(60_000);
    await expect(publish('b')).rejects.toEqual(rejected('CIRCUIT_OPEN', 'not-sent'));
    slow.open();
    recover();
    await publisher.flush();
    expect(driver.on('notes', 0)).toEqual(['a']);
  });
});

describe('a bus whose topic is refused', () => {
  async function refusing() {
    const { publisher, publish, recover } = outage();
    const bus = new EventBus({ source: '/test', notices: new Notices(), deliveryTimeoutMs: TIMEOUT_MS });
    bus.connectOutlet(publisher.accept);
    const heard: string[] = [];
    bus.subscribe(Noted, ({ text }) => void heard.push(text));
    const waiting = publish('waits');
    await after(60_000);
    return { bus, heard, recover, waiting };
  }

  it('validates first, and lets no listener hear what is refused', async () => {
    const { bus, heard, recover, waiting } = await refusing();
    await expect(bus.publish(new Noted({ text: 7 } as never))).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    await expect(bus.publish(new Noted({ text: 'no' }))).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
      certainty: 'not-sent',
      heard: false,
      envelope: { event: { text: 'no' } },
    });
    expect(heard).toEqual([]);
    expect(bus.stats()['noted']).toMatchObject({ published: { safe: 0, notSent: 1, unknown: 0, refused: 1 } });
    recover();
    await waiting;
    await bus.publish(new Noted({ text: 'yes' }));
    expect(heard).toEqual(['yes']);
  });

  it('names what is safe and what was not sent of several', async () => {
    const { bus, heard, recover, waiting } = await refusing();
    await after(1_000);
    const sending = bus.publishAll(numbers(3).map((text) => new Noted({ text })));
    const end = sending.catch((error: unknown) => error);
    await turns();
    recover();
    const error = (await end) as PublishAllError;
    expect(error).toBeInstanceOf(PublishAllError);
    expect(error.code).toBe('CIRCUIT_OPEN');
    expect(error.safe.map(({ envelope: { event } }) => event)).toEqual([{ text: '0' }]);
    expect(error.notSent.map(({ event }) => event)).toEqual([{ text: '1' }, { text: '2' }]);
    expect(heard).toEqual(['0']);
    await waiting;
  });
});

it('refuses records without a key by their topic as well', async () => {
  const { publish, publisher, recover } = outage();
  void publish('a');
  await after(60_000);
  await expect(publisher.accept(keyless('b'), Date.now() + TIMEOUT_MS)).rejects.toEqual(rejected('CIRCUIT_OPEN', 'not-sent'));
  recover();
  await publisher.flush();
});
