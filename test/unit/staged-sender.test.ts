import { describe, expect, it } from 'vitest';

import { KeyedChain } from '../../src/inbound/keyed-chain.js';
import type { Scope } from '../../src/inbound/scope.js';
import { OutcomeTally } from '../../src/inbound/outcome-tally.js';
import { StagedSender } from '../../src/inbound/staged-sender.js';
import { ProduceError } from '../../src/kafka/produce-error.js';
import type { StagedRecord } from '../../src/store/store.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';
import { eventually } from '../support/processing.js';
import { outbound, wireRecord } from './outbound/publisher-fixture.js';

function setUp() {
  const { driver, publisher } = outbound();
  const notices = new Notices();
  const raised: Notice[] = [];
  notices.onNotice((notice) => raised.push(notice));
  const close = new AbortController();
  const end = new AbortController();
  const scope: Scope = { closing: close.signal, over: end.signal, chain: new KeyedChain() };
  const sender = new StagedSender({ publisher, deliveryTimeoutMs: 60_000, processor: 'billing', tally: new OutcomeTally([]), notices });
  const refuse = (): void => {
    throw new ProduceError('AUTHORIZATION_FAILED', 'not allowed', { certainty: 'not-sent' });
  };
  return { driver, close, end, scope, sender, refuse, raised };
}

const staged: StagedRecord = { ...wireRecord('bills', 'a'), id: 'one' };

describe('A staged record', () => {
  it('is sent again until it succeeds, with the topic named meanwhile', async () => {
    const { driver, scope, sender, refuse, raised } = setUp();
    driver.before = refuse;
    const sent = sender.send(staged, scope);
    await eventually(() => sender.failing.length > 0);
    expect(sender.failing).toEqual(['bills']);
    expect(raised.map(({ code }) => code)).toContain('STAGED_SEND_FAILED');
    driver.before = () => undefined;
    await sent;
    expect(sender.failing).toEqual([]);
    expect(driver.log.size).toBe(1);
  });

  it('that cannot be sent is given up when its partition is taken away, and its topic is not named any more', async () => {
    const { driver, close, scope, sender, refuse } = setUp();
    driver.before = refuse;
    const sent = sender.send(staged, scope);
    await eventually(() => sender.failing.length > 0);
    close.abort();
    await expect(sent).rejects.toMatchObject({ name: 'Abandoned' });
    expect(sender.failing).toEqual([]);
  });

  it('is not sent any more when the time to finish is over', async () => {
    const { driver, end, scope, sender } = setUp();
    end.abort();
    await expect(sender.send(staged, scope)).rejects.toMatchObject({ name: 'Abandoned' });
    expect(driver.calls).toEqual([]);
  });
});
