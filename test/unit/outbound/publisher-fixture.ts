import { IsString } from 'class-validator';
import { expect } from 'vitest';

import type { Place } from '../../../src/bus/outlet.js';
import type { Codec } from '../../../src/codec/codec.js';
import type { EventInit } from '../../../src/event/contract.js';
import { DomainEvent } from '../../../src/event/domain-event.js';
import type { Envelope } from '../../../src/event/envelope.js';
import { ProduceError } from '../../../src/kafka/produce-error.js';
import { TopicNames } from '../../../src/kafka/topics.js';
import type { WireRecord } from '../../../src/kafka/record.js';
import { Publisher, type PublisherParts } from '../../../src/outbound/publisher.js';
import { type Notice, Notices } from '../../../src/telemetry/notices.js';
import { ScriptedDriver } from './scripted-driver.js';

@DomainEvent({ name: 'noted', topic: 'notes' })
export class Noted {
  @IsString() readonly text!: string;

  constructor(init: EventInit<Noted>) {
    Object.assign(this, init);
  }
}

/** The value is the bare text, so that a log reads easily. */
export const textCodec: Codec = {
  contentType: 'text/plain',
  reads: (contentType) => contentType === 'text/plain',
  encode: (_, data) => Buffer.from(String(data['text'])),
  decode: (_, bytes) => ({ text: String(bytes) }),
};

let ids = 0;

export function envelope(text: string, key: string | undefined = 'k'): Envelope {
  ids += 1;
  const id = `id-${ids}`;
  return {
    id,
    name: 'noted',
    version: 1,
    source: '/test',
    occurredAt: new Date(0),
    key,
    correlationId: id,
    causationId: undefined,
    traceparent: undefined,
    tracestate: undefined,
    path: [],
    event: new Noted({ text }),
  };
}

/** `envelope` without a key. */
export function keyless(text: string): Envelope {
  return { ...envelope(text), key: undefined };
}

export function wireRecord(topic: string, value: string, key: string | null = 'k'): WireRecord {
  return { topic, key: key === null ? null : Buffer.from(key), value: Buffer.from(value), headers: {}, timestamp: 0 };
}

export const inAMinute = (): number => Date.now() + 60_000;
/** A deadline that passes in the test, and leaves a busy machine the time to come to what it cuts off. */
export const inHalfASecond = (): number => Date.now() + 500;

export interface Outbound {
  readonly driver: ScriptedDriver;
  readonly publisher: Publisher;
  readonly notices: readonly Notice[];
  /** Accepts and waits until it is safe. */
  publish(envelope: Envelope, deadline?: number): Promise<Place>;
}

/** A publisher on a scripted driver, whose topic has one partition unless the driver says otherwise. */
export function outbound(init: Partial<Pick<PublisherParts, 'codec' | 'limits' | 'registry'>> = {}): Outbound {
  const driver = new ScriptedDriver();
  driver.count = async () => 1;
  const raised: Notice[] = [];
  const notices = new Notices();
  notices.onNotice((notice) => raised.push(notice));
  const publisher = new Publisher({
    driver: driver.port,
    codec: textCodec,
    topics: new TopicNames(),
    notices,
    ...init,
  });
  const publish = (given: Envelope, deadline = inAMinute()): Promise<Place> => publisher.accept(given, deadline).then(({ safe }) => safe);
  return { driver, publisher, notices: raised, publish };
}

export const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** Matches the error of a publish that rejected. */
export const rejected = (code: string, certainty: string): unknown => expect.objectContaining({ code, certainty });

/** One turn of the event loop: what was published before it has left, if it may. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const unreachable = (certainty: 'not-sent' | 'unknown' = 'not-sent'): ProduceError =>
  new ProduceError('BROKER_UNREACHABLE', 'no broker answers', { certainty, retriable: true });
