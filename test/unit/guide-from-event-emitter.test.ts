import { EventEmitter } from 'node:events';

import { IsInt, IsString, Min } from 'class-validator';
import { expect, it } from 'vitest';

import { attachListeners, DomainEvent, EventBus, Listens, Notices, type EventContext, type EventInit } from 'busbar';

interface Order {
  readonly orderId: string;
  readonly cents: number;
}

const mailed: string[] = [];
const mailer = {
  confirm: (orderId: string): Promise<void> =>
    orderId === 'o-bounces' ? Promise.reject(new Error('the address does not exist')) : Promise.resolve(void mailed.push(orderId)),
};

// #region event
@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
  @IsInt() @Min(0) readonly cents!: number;

  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}
// #endregion

it('an EventEmitter lets one listener end the others, and whoever emits', () => {
  let revenue = 0;
  // #region emitter
  const shop = new EventEmitter();

  shop.on('order-placed', ({ orderId }: Order) => {
    void mailer.confirm(orderId); // when this rejects, the process ends: an unhandled rejection
  });
  shop.on('order-placed', ({ cents }: Order) => {
    if (cents < 0) throw new RangeError('less than nothing'); // thrown at placeOrder; later listeners hear nothing
    revenue += cents;
  });

  function placeOrder(order: Order): void {
    shop.emit('order-placed', order); // 'order_placed' would be told to nobody, and nobody would say so
  }
  // #endregion
  const audited: string[] = [];
  shop.on('order-placed', ({ orderId }: Order) => void audited.push(orderId));
  placeOrder({ orderId: 'o-1', cents: 1_200 });
  expect(revenue).toBe(1_200);
  expect(() => placeOrder({ orderId: 'o-2', cents: -1 })).toThrow(RangeError);
  expect(audited).toEqual(['o-1']);
  expect(shop.emit('order_placed', { orderId: 'o-3', cents: 1 })).toBe(false);
});

it('a bus tells whoever publishes what went wrong, and goes on', async () => {
  mailed.length = 0;
  let revenue = 0;
  const notices = new Notices();
  const told: string[] = [];
  notices.onNotice(({ code }) => told.push(code));
  // #region bus
  const bus = new EventBus({ source: '/shop', notices });

  bus.subscribe(OrderPlaced, async ({ orderId }) => {
    await mailer.confirm(orderId);
  });
  bus.subscribe(OrderPlaced, ({ cents }) => {
    revenue += cents;
  });

  async function placeOrder(order: Order): Promise<void> {
    const { listenerErrors } = await bus.publish(new OrderPlaced(order)); // EVENT_INVALID: nobody hears it
    for (const { listener, cause } of listenerErrors) report(listener, cause);
  }
  // #endregion
  const reported: unknown[] = [];
  function report(_listener: string, cause: unknown): void {
    reported.push((cause as Error).message);
  }
  await placeOrder({ orderId: 'o-1', cents: 1_200 });
  await placeOrder({ orderId: 'o-bounces', cents: 800 });
  await expect(placeOrder({ orderId: 'o-2', cents: -1 })).rejects.toMatchObject({ code: 'EVENT_INVALID' });
  expect({ revenue, mailed, reported, told }).toEqual({
    revenue: 2_000,
    mailed: ['o-1'],
    reported: ['the address does not exist'],
    told: ['LISTENER_FAILED'],
  });
});

// #region aggregate
class OrderAggregate {
  readonly #events: object[] = [];

  place(order: Order): void {
    this.#events.push(new OrderPlaced(order));
  }

  /** What has happened since the last time. */
  pullEvents(): object[] {
    return this.#events.splice(0);
  }
}

class Confirmations {
  @Listens(OrderPlaced)
  async placed({ orderId }: OrderPlaced, ctx: EventContext): Promise<void> {
    await mailer.confirm(orderId);
    ctx.log.info('confirmed');
  }
}
// #endregion

it('an aggregate and a class of listeners work as those of @nestjs/cqrs do', async () => {
  mailed.length = 0;
  const bus = new EventBus({ source: '/shop', notices: new Notices() });
  attachListeners(bus, new Confirmations());
  // #region commit
  const order = new OrderAggregate();
  order.place({ orderId: 'o-1', cents: 1_200 });
  const receipts = await bus.publishAll(order.pullEvents());
  // #endregion
  expect(receipts).toMatchObject([{ where: 'memory', listenerErrors: [] }]);
  expect(mailed).toEqual(['o-1']);
  expect(order.pullEvents()).toEqual([]);
});
