import { describe, expect, it } from 'vitest';

import { EventBus } from '../../src/bus/event-bus.js';
import type { Envelope } from '../../src/event/envelope.js';
import { Notices } from '../../src/telemetry/notices.js';
import type { OrderPlaced } from '../support/events.js';
import { eventually, order, Processing } from '../support/processing.js';
import { deferred, settleDown } from '../support/records.js';

/** A bus that is connected, and what went out. */
function connected() {
  const out: Envelope[] = [];
  const bus = new EventBus({ source: '/billing', notices: new Notices() });
  bus.connectOutlet((envelope) => {
    out.push(envelope);
    return Promise.resolve({ safe: Promise.resolve({ where: 'memory' }) });
  });
  return { bus, out };
}

describe('An event that was handled', () => {
  it('does not go out again when it is published by another handler, or by nobody', async () => {
    const { bus, out } = connected();
    const kept: OrderPlaced[] = [];
    const refused: unknown[] = [];
    const processing = new Processing({
      handle: async (event, ctx) => {
        kept.push(event);
        const [first] = kept as [OrderPlaced];
        await bus.publish(first).catch((error: unknown) => refused.push(error));
        await bus.publishAll([first]).catch((error: unknown) => refused.push(error));
        try {
          ctx.publish(first);
        } catch (error) {
          refused.push(error);
        }
      },
    });
    const { claim, line } = processing.assign();
    void line.accept([order(0), order(1)]);
    await eventually(() => claim.offsets.at(-1) === 2);
    expect(refused.map((error) => (error as { code: string }).code)).toEqual(Array(6).fill('ECHO'));
    await expect(bus.publish(kept[0]!)).rejects.toMatchObject({ code: 'ECHO' });
    expect(out).toEqual([]);
    expect(processing.sent).toEqual([]);
  });

  it('does not go out again when its handler has ended without waiting for that', async () => {
    const { bus, out } = connected();
    const later = deferred<void>();
    let late: Promise<unknown> = Promise.resolve();
    const processing = new Processing({
      handle: (event) => {
        late = later.promise.then(() => bus.publish(event)).catch((error: unknown) => error);
      },
    });
    const { claim, line } = processing.assign();
    void line.accept([order(0)]);
    await eventually(() => claim.offsets.at(-1) === 1);
    later.resolve();
    expect(await late).toMatchObject({ code: 'ECHO' });
    await settleDown();
    expect(out).toEqual([]);
  });
});
