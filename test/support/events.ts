import { IsInt, IsString } from 'class-validator';

import { DomainEvent } from '../../src/event/domain-event.js';
import type { EventInit } from '../../src/event/contract.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
export class OrderPlaced {
  @IsString() readonly orderId!: string;
  @IsInt() readonly amount!: number;

  constructor(init: EventInit<OrderPlaced>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'order_billed', topic: 'bills', key: 'orderId' })
export class OrderBilled {
  @IsString() readonly orderId!: string;
  @IsInt() readonly amount!: number;

  constructor(init: EventInit<OrderBilled>) {
    Object.assign(this, init);
  }
}

@DomainEvent({ name: 'order_seen', topic: 'orders', direction: 'local' })
export class OrderSeen {
  @IsString() readonly orderId!: string;

  constructor(init: EventInit<OrderSeen>) {
    Object.assign(this, init);
  }
}
