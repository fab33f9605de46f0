import { setTimeout as sleep } from 'node:timers/promises';

import { IsString } from 'class-validator';
import { injectable } from 'inversify';

import type { Health, HealthCheck, KafkaModuleOptions, KafkaService, KafkaSettings } from 'busbar';
import { DomainEvent, Handles, Processor, ProcessorOptions, type EventInit } from 'busbar';

import { uniquePrefix } from './kafka.js';
import { application, OrderPlaced, Orders, OrderShipped } from './shop-application.js';

@DomainEvent({ name: 'invoice_sent', topic: 'invoices', key: 'invoiceId' })
export class InvoiceSent {
  @IsString() readonly invoiceId!: string;
  constructor(init: EventInit<InvoiceSent>) {
    Object.assign(this, init);
  }
}

/** Waits for what the test decides. */
@ProcessorOptions({ name: 'invoices', handlerTimeoutMs: 200 })
@injectable()
export class Invoices extends Processor {
  hold: Promise<void> = Promise.resolve();
  @Handles(InvoiceSent) sent(): Promise<void> {
    return this.hold;
  }
}

/** Two processors, each on a topic of its own, in groups of their own: the tests run at the same time. */
export function shop(settings: KafkaSettings = {}, more: Partial<KafkaModuleOptions> = {}) {
  return application(
    { topics: { orders: {}, invoices: {} }, groupId: uniquePrefix(), ...settings },
    { events: [OrderPlaced, OrderShipped, InvoiceSent], processors: [Orders, Invoices], ...more },
  );
}

/** Nothing takes so long unless it hangs: how long it did take is printed. */
const HANG_MS = 30_000;

/** Asks until one check has this status; the health of that moment. */
export async function becomes(service: KafkaService, name: string, status: 'green' | 'red', why: string): Promise<Health> {
  const began = Date.now();
  for (;;) {
    const health = await service.healthCheck();
    if (check(health, name).status === status) {
      const seconds = ((Date.now() - began) / 1_000).toFixed(1);
      console.log(`health: ${status} ${seconds} s after ${why} (${name}: ${check(health, name).message})`);
      return health;
    }
    if (Date.now() > began + HANG_MS) throw new Error(`${name} never became ${status} after ${why}`);
    await sleep(50);
  }
}

/** As `becomes` red, and everything else is well; on a busy machine the broker's answer may be late for a moment. */
export async function aloneBecomesRed(service: KafkaService, name: string, why: string): Promise<Health> {
  const began = Date.now();
  let health = await becomes(service, name, 'red', why);
  while (red(health).join() !== name) {
    if (Date.now() > began + HANG_MS) throw new Error(`not only ${name} is red after ${why}, but ${red(health).join()}`);
    await sleep(50);
    health = await service.healthCheck();
  }
  return health;
}

/** As `becomes` green, and everything else with it. */
export async function becomesWell(service: KafkaService, name: string, why: string): Promise<Health> {
  const began = Date.now();
  let health = await becomes(service, name, 'green', why);
  while (!health.ready) {
    if (Date.now() > began + HANG_MS) throw new Error(`${red(health).join()} stayed red after ${why}`);
    await sleep(50);
    health = await service.healthCheck();
  }
  return health;
}

export function check(health: Health, name: string): HealthCheck {
  const found = health.checks.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no check ${name}`);
  return found;
}

const red = ({ checks }: Health): string[] => checks.filter(({ status }) => status === 'red').map(({ name }) => name);
