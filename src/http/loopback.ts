/** Where the server may listen. */
export type LoopbackAddress = '127.0.0.1' | '::1';

const ADDRESSES: readonly unknown[] = ['127.0.0.1', '::1'] satisfies LoopbackAddress[];

/** What a caller on this machine calls it; the port is that of whatever forwards to us. */
const NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export function isLoopbackAddress(address: unknown): address is LoopbackAddress {
  return ADDRESSES.includes(address);
}

/**
 * Whether a `Host` header names this machine from within. A page of a foreign site that lets its own name point here (DNS
 * rebinding) counts as same-origin for a browser, but it cannot change the name that the browser sends.
 */
export function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && NAME.test(host);
}
