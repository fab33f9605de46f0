/**
 * Runs in the worker thread: gives the Go program (broker/main.go says what it expects) its sockets and its files, and
 * carries operations between it and the main thread.
 */
import fs from 'node:fs';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

import type { Call, Report } from './broker-messages.js';
import { GO_RUNTIME } from './broker-artefact.js';
import type { BrokerSettings, EmbeddedKafkaOptions } from './options.js';
import { webAssembly, type WebAssemblyModule } from './web-assembly.js';

export interface BrokerWorkerData {
  readonly settings: BrokerSettings;
  readonly tls: EmbeddedKafkaOptions['tls'];
  readonly module: WebAssemblyModule;
}

type SocketEvent = 'readable' | 'drain' | 'close';
type OnConnection = (socket: Socket, remote: string) => (event: SocketEvent) => void;
type OnBound = (problem: string | null, address?: string, server?: Server) => void;
type RunOperation = (operation: string, reply: (problem: string | null, result?: string) => void) => void;

/** Defined by the Go distribution's wasm_exec.js. */
interface GoRuntime {
  readonly importObject: object;
  exit: (code: number) => void;
  run(instance: object): Promise<void>;
}

const PANIC_BYTES = 16_384;
const STDERR = 2;

const { settings, tls: tlsOptions, module } = workerData as BrokerWorkerData;
const mainThread = parentPort!;
const report = (message: Report): void => mainThread.postMessage(message);
const addresses: string[] = [];

function listen(port: number, onConnection: OnConnection, onBound: OnBound): void {
  const accept = (socket: Socket): void => {
    const event = onConnection(socket, `${socket.remoteAddress}:${socket.remotePort}`);
    socket.on('readable', () => event('readable'));
    socket.on('drain', () => event('drain'));
    socket.on('error', () => undefined); // 'close' follows, which is all the broker needs to know
    socket.on('close', () => event('close'));
  };
  const server = tlsOptions === undefined ? net.createServer({ noDelay: true }, accept) : tls.createServer({ ...tlsOptions }, accept);
  server.on('tlsClientError', () => undefined); // the client is told by TLS itself
  server.once('error', (error: Error) => onBound(error.message));
  try {
    server.listen(port, '127.0.0.1', () => {
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      addresses.push(address);
      onBound(null, address, server);
    });
  } catch (error) {
    onBound((error as Error).message); // a number that is no port
  }
}

function ready(run: RunOperation): void {
  mainThread.on('message', ({ id, operation }: Call) => {
    run(JSON.stringify(operation), (problem, result) => {
      if (problem === null) report({ type: 'result', id, result: JSON.parse(result!) });
      else report({ type: 'refused', id, message: problem });
    });
  });
  report({ type: 'ready', addresses });
}

/** Go reports a panic on stderr and then exits: kept, to be the text of the crash. */
let stderr = '';
const goFiles = {
  ...fs,
  writeSync(fd: number, bytes: Uint8Array): number {
    if (fd !== STDERR) return fs.writeSync(fd, bytes);
    stderr = (stderr + Buffer.from(bytes).toString()).slice(0, PANIC_BYTES);
    return bytes.length;
  },
};

Object.assign(globalThis, {
  fs: goFiles,
  path,
  busbarBroker: {
    options: JSON.stringify(settings),
    listen,
    ready,
    log: (level: 'warn' | 'error', line: string) => report({ type: 'log', level, line }),
    failed: (message: string) => report({ type: 'failed', message }),
    closed: () => process.exit(0), // ends this thread only; its sockets close with it
  },
});

await import(GO_RUNTIME.href);
const go = new (globalThis as unknown as { Go: new () => GoRuntime }).Go();
go.exit = (code) => {
  if (code !== 0) throw new Error(stderr.trim() || `the broker exited with code ${code}`);
};
await go.run(await webAssembly.instantiate(module, go.importObject));
process.exit(0);
