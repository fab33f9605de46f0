import { BusbarError } from '../../errors.js';

/** CloudEvents attributes and extensions that are read. */
export type AttributeName =
  | 'specversion'
  | 'id'
  | 'source'
  | 'type'
  | 'time'
  | 'eventversion'
  | 'correlationid'
  | 'causationid'
  | 'path'
  | 'instance'
  | 'traceparent'
  | 'tracestate';

/** Longest value of an attribute in bytes; what is longer is malformed. */
export const MAX_ATTRIBUTE_BYTES = 16_384;

/** The attributes of one record, wherever they stand: headers in binary mode, JSON properties in structured mode. */
export interface Attributes {
  /** Undefined when it is absent. Throws `UNDECODABLE` when it is there but is no text or too long. */
  get(name: AttributeName): string | undefined;
  /** What the attribute is called in this record, for messages. */
  label(name: AttributeName): string;
}

/** The error for an attribute that is there and wrong, named as in the record. */
export function malformed(label: string, why: string): BusbarError {
  return new BusbarError('UNDECODABLE', `${label} ${why}`);
}
