import { sourceOf } from '../event/source.js';
import { randomUUID } from 'node:crypto';

import { ambient } from '../bus/ambient.js';
import type { EventBus } from '../bus/event-bus.js';
import type { Place } from '../bus/outlet.js';
import { PublishError } from '../bus/publish-error.js';
import type { Receipt } from '../bus/receipt.js';
import { insteadOf, nearest } from '../config/nearest.js';
import type { KafkaConfig } from '../config/kafka-config.js';
import { BusbarError } from '../errors.js';
import type { Contract } from '../event/contract.js';
import { checked, checkedDate } from '../event/create-envelope.js';
import type { Envelope } from '../event/envelope.js';
import { EventInvalidError } from '../event/event-contract.js';
import { jsonViolation, typeNameOf, type Violation } from '../event/json-value.js';
import type { WireRecord } from '../kafka/record.js';
import { toHeaders } from '../kafka/wire/to-headers.js';
import { SendError } from '../outbound/send-error.js';
import type { Running } from './running.js';

/** What is said of an event that has no class here, or is published without it. */
export interface PublishEventOptions {
  /** The wire name. */
  readonly name: string;
  /** Keeps the events that have it in their order. Default: for a registered event, what its class says; else none. */
  readonly partitionKey?: string | undefined;
  readonly id?: string | undefined;
  /** Default: for a registered event the newest registered one, else 1. */
  readonly version?: number | undefined;
  readonly occurredAt?: Date | undefined;
  readonly correlationId?: string | undefined;
}

const OPTIONS: readonly string[] = [
  'name',
  'partitionKey',
  'id',
  'version',
  'occurredAt',
  'correlationId',
] satisfies (keyof PublishEventOptions)[];

/** Publishes data by name: as the registered event where there is one, else as it is. */
export class EventPublication {
  constructor(
    private readonly bus: EventBus,
    private readonly config: KafkaConfig,
    private readonly running: Running,
  ) {}

  async publish(topic: string, data: object, options: PublishEventOptions): Promise<Receipt> {
    refuseUnknownOptions(topic, options);
    const { name, version, partitionKey: key, id, occurredAt, correlationId } = options;
    const versions = this.running.registry.named(name);
    if (versions.length === 0) return this.#sendAsItIs(topic, data, options);
    const contract = version === undefined ? versions.at(-1) : this.running.registry.resolve(name, version);
    if (contract === undefined) throw unsupported(name, version, versions);
    if (contract.topic !== topic) throw new BusbarError('EVENT_UNKNOWN', `${name} belongs on topic '${contract.topic}', not on '${topic}'`);
    return this.bus.publish(hydrated(contract, data, version ?? contract.version), { id, occurredAt, key, correlationId });
  }

  async #sendAsItIs(topic: string, data: object, options: PublishEventOptions): Promise<Receipt> {
    const envelope = this.#envelope(data, options);
    const record = this.#record(topic, envelope);
    const sent = this.#send(topic, envelope, record);
    void ambient()?.consequences?.follow(sent);
    return sent;
  }

  async #send(topic: string, envelope: Envelope, record: WireRecord): Promise<Receipt> {
    const { publisher, memory, knownTopics, deliveryTimeoutMs } = this.running;
    const deadline = Date.now() + deliveryTimeoutMs;
    try {
      // Whether it is there would be asked of brokers that do not answer.
      if (!publisher.refuses(record.topic)) await knownTopics.there(topic, { create: true });
      const position = await publisher.send(record, deadline);
      const place: Place = memory === undefined ? { where: 'kafka', ...position } : { where: 'memory' };
      return { ...place, envelope, listenerErrors: [] };
    } catch (error) {
      knownTopics.forget(topic);
      const certainty = error instanceof SendError ? error.certainty : 'not-sent';
      throw PublishError.from(error, { certainty, envelope, heard: false });
    }
  }

  #envelope(data: object, { name, version = 1, partitionKey, id: given, occurredAt, correlationId }: PublishEventOptions): Envelope {
    const what = { name, version };
    checked(what, 'name', name);
    if (!Number.isSafeInteger(version) || version < 1) throw new BusbarError('EVENT_INVALID', `${name}: the version must be 1, 2, 3, …`);
    refuseNoJson(what, data);
    const { cause, consequences } = ambient() ?? {};
    const id = given === undefined ? (consequences?.nextId(name) ?? randomUUID()) : checked(what, 'id', given);
    return {
      event: data,
      id,
      name,
      version,
      source: sourceOf(this.config.serviceName),
      occurredAt: occurredAt === undefined ? new Date() : checkedDate(what, occurredAt),
      key: partitionKey === undefined ? undefined : checked(what, 'partitionKey', partitionKey),
      correlationId: correlationId === undefined ? (cause?.correlationId ?? id) : checked(what, 'correlationId', correlationId),
      causationId: cause?.id,
      traceparent: cause?.traceparent,
      tracestate: cause?.tracestate,
      path: [],
    };
  }

  /** A topic that is configured is created where it is missing: no registered event has asked for it at the start. */
  #record(topic: string, envelope: Envelope): WireRecord {
    const { topics } = this.config;
    if (!Object.hasOwn(topics, topic)) {
      const meant = nearest(topic, Object.keys(topics));
      const fix = `${meant === undefined ? 'add' : `did you mean '${meant}'? Otherwise add`} it to \`topics\` in code or in the configuration file`;
      throw new BusbarError('TOPIC_MISSING', `topic '${topic}' is not configured: ${fix}`);
    }
    return {
      topic: this.running.names.topic(topic),
      key: envelope.key === undefined ? null : Buffer.from(envelope.key, 'utf8'),
      value: Buffer.from(JSON.stringify(envelope.event), 'utf8'),
      headers: toHeaders(envelope, 'application/json'),
      timestamp: Date.now(),
    };
  }
}

/** An instance of the class. A field that it does not declare is refused, as it is for an instance: nothing is left out silently. */
function hydrated(contract: Contract, data: object, version: number): object {
  const what = `${contract.name} version ${version}`;
  const undeclared: Violation[] = [];
  if (version === contract.version && typeof data === 'object' && data !== null && !Array.isArray(data)) {
    for (const path of Object.keys(data))
      if (!contract.fields.includes(path)) undeclared.push({ path, rule: 'declared', message: 'is no declared field of the event' });
  }
  try {
    const event = contract.fromData(data, version);
    if (undeclared.length === 0) return event;
  } catch (error) {
    if (!(error instanceof EventInvalidError) || undeclared.length === 0) throw error;
    undeclared.push(...error.violations);
  }
  throw new EventInvalidError(what, undeclared);
}

function refuseNoJson({ name, version }: { readonly name: string; readonly version: number }, data: unknown): void {
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  const violation = isObject
    ? jsonViolation(data, 'data')
    : { path: 'data', rule: 'json', message: `must be an object (is ${typeNameOf(data)})` };
  if (violation !== undefined) throw new EventInvalidError(`${name} version ${version}`, [violation]);
}

function refuseUnknownOptions(topic: unknown, options: PublishEventOptions): void {
  const given = typeof options === 'object' && options !== null ? options : ({} as PublishEventOptions);
  const problems = Object.keys(given)
    .filter((option) => !OPTIONS.includes(option))
    .map((option) => `${option} is no option: ${insteadOf(option, OPTIONS)}`);
  if (typeof given.name !== 'string' || given.name === '') problems.push('name must be the name of the event');
  if (typeof topic !== 'string') problems.push('the first argument must be the name of the topic');
  if (problems.length > 0) throw new BusbarError('ARGUMENT_INVALID', `nothing is published: ${problems.join('; ')}`);
}

function unsupported(name: string, version: number | undefined, versions: readonly Contract[]): BusbarError {
  const known = versions.map((contract) => contract.version).join(', ');
  return new BusbarError('VERSION_UNSUPPORTED', `${name} version ${version} is not registered; there is version ${known}`);
}
