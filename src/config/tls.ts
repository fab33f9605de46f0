import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Secret } from './secret.js';

/** What TLS connections need, read from the files. Undefined parts are left to Node.js. */
export interface TlsSettings {
  /** PEM. */
  readonly ca: string | undefined;
  /** PEM. */
  readonly cert: string | undefined;
  /** PEM. */
  readonly key: Secret | undefined;
}

/** The content of a PEM file, or what is wrong with it in words; `check` throws for what is not usable. */
export function readPem(path: string, check: (pem: string) => unknown): { readonly pem: string } | { readonly problem: string } {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    return { problem: `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})` };
  }
  try {
    check(pem);
    return { pem };
  } catch {
    // What OpenSSL says of it may quote the file.
    return { problem: 'the file is not what it should be' };
  }
}

export const checkCertificate = (pem: string): unknown => new X509Certificate(pem);
export const checkPrivateKey = (pem: string): unknown => createPrivateKey(pem);

/** Both are PEM and readable. */
export function belongTogether(cert: string, key: string): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** When the certificate was or will be valid, in words; undefined when it is valid now. */
export function outOfDate(cert: string): string | undefined {
  const { validFrom, validTo } = new X509Certificate(cert);
  if (Date.parse(validTo) < Date.now()) return `was valid until ${validTo}`;
  return Date.parse(validFrom) > Date.now() ? `is valid from ${validFrom} on` : undefined;
}
