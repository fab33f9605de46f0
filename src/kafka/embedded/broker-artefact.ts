import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

import { BusbarError } from '../../errors.js';
import { webAssembly, type WebAssemblyModule } from './web-assembly.js';

/** Made by scripts/build-embedded.mjs. */
const ARTEFACT = new URL('broker.wasm.br', import.meta.url);
/** Of the Go that built the artefact; another one's does not fit. */
export const GO_RUNTIME = new URL('wasm_exec.js', import.meta.url);

let compiled: Promise<WebAssemblyModule> | undefined;

/** The broker's code, compiled once for all brokers of the process. `EMBEDDED_NOT_BUILT`. */
export function brokerModule(): Promise<WebAssemblyModule> {
  compiled ??= compile(ARTEFACT).catch((error: unknown) => {
    compiled = undefined; // it may be built by the next call
    throw error;
  });
  return compiled;
}

/** Reads and compiles one artefact. `EMBEDDED_NOT_BUILT` when it is not there. */
export async function compile(artefact: URL): Promise<WebAssemblyModule> {
  let compressed: Buffer;
  try {
    compressed = await readFile(artefact);
  } catch (cause) {
    throw new BusbarError(
      'EMBEDDED_NOT_BUILT',
      'the embedded Kafka broker was not built in this checkout. Install Go 1.26 or newer and run "npm run build", or set ' +
        'KAFKA_BOOTSTRAP_SERVERS to the servers of a running Kafka, e.g. one started with docker compose.',
      { cause },
    );
  }
  return webAssembly.compile(await promisify(brotliDecompress)(compressed));
}
