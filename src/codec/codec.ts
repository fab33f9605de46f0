import type { Contract } from '../event/contract.js';

/**
 * Turns the data of an event into bytes and back. May be asynchronous (a registry has to be asked); the order of
 * events is kept by the caller. Throws `UNDECODABLE` for bytes that are not what they should be, never anything
 * that ends the process, whatever the bytes are.
 */
export interface Codec {
  /** What it writes to the `content-type` header, e.g. `application/json`. */
  readonly contentType: string;
  /** Whether it reads values of this content type, as a header has it; always of its own. */
  reads(contentType: string): boolean;
  encode(contract: Contract, data: Record<string, unknown>): Buffer | Promise<Buffer>;
  decode(contract: Contract, bytes: Buffer): unknown;
}
