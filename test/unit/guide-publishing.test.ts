import { setTimeout as pause } from 'node:timers/promises';

import { IsString } from 'class-validator';
import { expect, it } from 'vitest';

import { DomainEvent, EventBus, Notices, PublishAllError, PublishError, type EventInit, type Receipt } from 'busbar';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

/** A bus whose first event is lost on the way, nobody knows where; the later ones are safe. */
function forgetfulBus() {
  const bus = new EventBus({ source: '/guide', notices: new Notices() });
  const ids: string[] = [];
  bus.connectOutlet((envelope) => {
    ids.push(envelope.id);
    const safe =
      ids.length > 1
        ? Promise.resolve({ where: 'memory' as const })
        : Promise.reject(new PublishError('DELIVERY_TIMEOUT', 'no answer', { certainty: 'unknown', envelope, heard: false }));
    return Promise.resolve({ safe });
  });
  return { bus, ids };
}

it('is repeated with the id that it had', async () => {
  const { bus, ids } = forgetfulBus();
  // #region repeat
  async function publishStubbornly(event: object): Promise<Receipt> {
    let id: string | undefined;
    for (;;) {
      try {
        return await bus.publish(event, { id });
      } catch (error) {
        if (!(error instanceof PublishError) || !error.retriable) throw error;
        ({ id } = error.envelope); // the same one again, whether it was sent or not
        await pause(250); // in a long outage the rejection comes at once
      }
    }
  }
  // #endregion
  const { envelope } = await publishStubbornly(new OrderPlaced({ orderId: 'o-1' }));
  expect(ids).toEqual([envelope.id, envelope.id]);
});

it('names what is safe and what is not', async () => {
  const { bus, ids } = forgetfulBus();
  const orders = ['o-1', 'o-2'].map((orderId) => new OrderPlaced({ orderId }));
  // #region all
  try {
    await bus.publishAll(orders);
  } catch (error) {
    if (!(error instanceof PublishAllError)) throw error;
    for (const { event, error: failure } of [...error.notSent, ...error.unknown]) {
      const { id } = failure instanceof PublishError ? failure.envelope : {};
      await bus.publish(event, { id });
    }
  }
  // #endregion
  expect(ids).toEqual([ids[0], ids[1], ids[0]]);
});
