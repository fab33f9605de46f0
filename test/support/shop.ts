import { IsInt, IsString } from 'class-validator';

import { EventBus, type EventBusOptions } from '../../src/bus/event-bus.js';
import type { EventInit } from '../../src/event/contract.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Notices, type Notice } from '../../src/telemetry/notices.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
export class OrderPlaced {
  @IsString() readonly orderId!: string;
  @IsInt() readonly amount!: number;
  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'cache_cleared', topic: 'orders', direction: 'local' })
export class CacheCleared {}

export const order = (orderId: string, amount = 1) => new OrderPlaced({ orderId, amount });

/** A bus whose notices are kept. */
export function setUp(options: Partial<EventBusOptions> = {}) {
  const notices = new Notices();
  const raised: Notice[] = [];
  notices.onNotice((notice) => raised.push(notice));
  return { bus: new EventBus({ source: '/shop', notices, ...options }), raised };
}
