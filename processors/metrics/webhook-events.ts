import { IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';

import { DomainEvent, type EventInit } from 'busbar';

/** Somebody outside was told, and answered. */
@DomainEvent({ name: 'webhook_delivered', topic: 'webhook-events', key: 'webhookId' })
export class WebhookDelivered {
  @IsString() @IsNotEmpty() readonly webhookId!: string;
  @IsString() @IsNotEmpty() readonly url!: string;
  /** The HTTP status of the answer. */
  @IsInt() @Min(100) @Max(599) readonly status!: number;

  constructor(init: EventInit<WebhookDelivered>) {
    Object.assign(this, init);
  }
}

/** Somebody outside could not be told. */
@DomainEvent({ name: 'webhook_failed', topic: 'webhook-events', key: 'webhookId' })
export class WebhookFailed {
  @IsString() @IsNotEmpty() readonly webhookId!: string;
  @IsString() @IsNotEmpty() readonly url!: string;
  @IsString() @IsNotEmpty() readonly reason!: string;

  constructor(init: EventInit<WebhookFailed>) {
    Object.assign(this, init);
  }
}
