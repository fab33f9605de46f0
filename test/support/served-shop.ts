import { IsString } from 'class-validator';
import { injectable } from 'inversify';

import {
  deadLetter,
  DomainEvent,
  Handles,
  Processor,
  ProcessorOptions,
  type EventContext,
  type EventInit,
  type KafkaModuleOptions,
  type KafkaSettings,
} from 'busbar';
import { startEmbeddedKafka, type EmbeddedKafka } from 'busbar/embedded';
import { serveHttp } from 'busbar/http';

import { uniquePrefix } from './kafka.js';
import { application, OrderPlaced, Orders, OrderShipped, stopApplications } from './shop-application.js';

@DomainEvent({ name: 'invoice_sent', topic: 'invoices', key: 'invoiceId' })
export class InvoiceSent {
  @IsString() readonly invoiceId!: string;
  constructor(init: EventInit<InvoiceSent>) {
    Object.assign(this, init);
  }
}

/** Counts by itself; what begins with `bad` fails for good, and `hold` keeps it from ending. */
@ProcessorOptions({ name: 'invoices', onError: [deadLetter()], handlerTimeoutMs: 200 })
@injectable()
export class Invoices extends Processor {
  readonly handled: string[] = [];
  readonly contexts: EventContext[] = [];
  failed = 0;
  hold: Promise<void> = Promise.resolve();

  @Handles(InvoiceSent) async sent({ invoiceId }: InvoiceSent, ctx: EventContext): Promise<void> {
    await this.hold;
    if (invoiceId.startsWith('bad')) {
      this.failed++;
      throw new Error(`${invoiceId} is bad`);
    }
    this.contexts.push(ctx);
    this.handled.push(invoiceId);
  }
}

const brokers: EmbeddedKafka[] = [];

/** Stops every shop that was served, and its broker; for `afterAll`. */
export async function stopServed(): Promise<void> {
  await stopApplications();
  for (const broker of brokers.splice(0)) await broker.stop();
}

interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly allow: string | null;
  readonly body: Record<string, unknown>;
}

/** A shop that is served over HTTP from before its start. */
export async function served(settings: KafkaSettings = {}, more: Partial<KafkaModuleOptions> = {}) {
  const shop = await application(
    { topics: { orders: {}, invoices: {} }, groupId: uniquePrefix(), ...settings },
    { events: [OrderPlaced, OrderShipped, InvoiceSent], processors: [Orders, Invoices], ...more },
  );
  const { address } = await serveHttp(shop.service, { port: 0 });
  const ask = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(`${address}${path}`, init);
    const { status, headers } = response;
    const body = (await response.json()) as Record<string, unknown>;
    return { status, contentType: headers.get('content-type'), allow: headers.get('allow'), body };
  };
  const post = (path: string, body: string | Buffer, type: string | undefined = 'application/json') =>
    ask(path, { method: 'POST', body, ...(type === '' ? {} : { headers: { 'content-type': type } }) });
  const publish = (body: Readonly<Record<string, unknown>>) => post('/kafka/events', JSON.stringify(body));
  const createTopic = (body: Readonly<Record<string, unknown>>) => post('/kafka/topics', JSON.stringify(body));
  return { ...shop, address, ask, post, publish, createTopic };
}

/** With a broker of its own, for faults. */
export async function servedAlone(settings: KafkaSettings = {}) {
  const broker = await startEmbeddedKafka();
  brokers.push(broker);
  return { broker, ...(await served({ bootstrapServers: broker.bootstrap, ...settings })) };
}

export const invoice = (invoiceId: string) => ({ topic: 'invoices', name: 'invoice_sent', data: { invoiceId } });
