import { BusbarError, type Contract, type EventRegistry, type PublishOptions } from 'busbar';

/** An event as a line of the input has it, ready to be published. */
export interface InputEvent {
  readonly event: object;
  readonly options: PublishOptions;
}

/** A line is no event that can be published; the message is the reason. */
export class LineRejected extends Error {
  override readonly name = 'LineRejected';
}

type JsonObject = Readonly<Record<string, unknown>>;

/** RFC 3339, which CloudEvents asks for. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * Reads a CloudEvent in JSON: id, source, time and subject become id, source, time and key of the event. Stricter than
 * the specification, it asks for `time`: an event without one would happen anew whenever it is read. Throws
 * `LineRejected`.
 */
export function readCloudEvent(text: string, registry: EventRegistry): InputEvent {
  const attributes = parse(text);
  const specversion = textOf(attributes, 'specversion');
  if (specversion !== '1.0') throw new LineRejected(`specversion must be "1.0", not ${JSON.stringify(specversion)}`);
  const id = textOf(attributes, 'id');
  const source = textOf(attributes, 'source');
  const type = textOf(attributes, 'type');
  const occurredAt = timeOf(textOf(attributes, 'time'));
  const key = attributes['subject'] === undefined ? undefined : textOf(attributes, 'subject');

  const contract = registry.resolve(type, 1);
  if (contract === undefined) throw new LineRejected(`unknown event ${JSON.stringify(type)}`);
  return { event: eventOf(contract, attributes), options: { id, source, occurredAt, key } };
}

function parse(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text, refuseProto);
  } catch (error) {
    if (error instanceof LineRejected) throw error;
    throw new LineRejected(`not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(value)) throw new LineRejected('not a JSON object');
  return value;
}

/** At any depth: whatever assigns such an object to another one changes what the other one is. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new LineRejected('__proto__ is not allowed');
  return value;
}

function textOf(attributes: JsonObject, name: string): string {
  const value = attributes[name];
  if (value === undefined) throw new LineRejected(`attribute ${name} is missing`);
  if (typeof value !== 'string' || value === '') throw new LineRejected(`attribute ${name} must be a text that is not empty`);
  return value;
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (TIME.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new LineRejected(`attribute time must be a time as in RFC 3339, not ${JSON.stringify(text)}`);
}

/** Fields that the event does not have are refused, not dropped: whoever wrote them means something by them. */
function eventOf(contract: Contract, { data, datacontenttype = 'application/json' }: JsonObject): object {
  if (datacontenttype !== 'application/json') {
    throw new LineRejected(`datacontenttype must be "application/json", not ${JSON.stringify(datacontenttype)}`);
  }
  if (data === undefined) throw new LineRejected('attribute data is missing');
  if (!isObject(data)) throw new LineRejected('data must be an object');
  const unknown = Object.keys(data).filter((field) => !contract.fields.includes(field));
  if (unknown.length > 0)
    throw new LineRejected(`${contract.name} has no field ${unknown.map((field) => JSON.stringify(field)).join(', ')}`);
  try {
    return contract.fromData(data, contract.version);
  } catch (error) {
    if (error instanceof BusbarError && error.code === 'EVENT_INVALID') throw new LineRejected(error.message, { cause: error });
    throw error;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
