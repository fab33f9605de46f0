import { BusbarError } from '../errors.js';
import { settlesBefore } from '../service/deadline.js';
import type { KafkaService } from '../service/kafka-service.js';
import { newHttpApp } from './http-app.js';
import { isLoopbackAddress, type LoopbackAddress } from './loopback.js';
import { addRoutes } from './routes.js';

export type { ErrorBody, HttpErrorCode } from './http-error.js';
export type { LoopbackAddress } from './loopback.js';

export interface HttpOptions {
  /** 0: one that is free; `address` says which. */
  readonly port: number;
  /** This machine only: there are no passwords. Default: `127.0.0.1`. */
  readonly host?: LoopbackAddress | undefined;
}

/** A server that listens. */
export interface HttpServer {
  /** Where, e.g. `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Takes no more requests, and resolves when those under way have their answers. It happens by itself when the service stops. */
  close(): Promise<void>;
}

/** For the answers to what is given up at the deadline of a stop, in ms. */
const LAST_ANSWERS_MS = 500;

/**
 * Shows a service over HTTP, to this machine only: health, stats and topics; events and topics may be posted. Best before
 * the start, so that probes have an answer from the beginning. It takes no more requests when the service begins to stop, and
 * is closed when it has stopped, or when its start has failed. Rejects `ARGUMENT_INVALID`; `LISTEN_FAILED`, e.g. for a port that
 * is taken; `ILLEGAL_TRANSITION` when the service stops or has stopped.
 */
export async function serveHttp(service: KafkaService, options: HttpOptions): Promise<HttpServer> {
  const { port, host = '127.0.0.1' } = checked(options);
  const { notices } = service;
  const app = newHttpApp(notices);
  addRoutes(app, service);
  const forget = service.onStop(async (deadline) => {
    const closed = app.close();
    if (!(await settlesBefore(closed, deadline + LAST_ANSWERS_MS))) app.server.closeAllConnections();
    await closed;
  });
  const close = async (): Promise<void> => {
    forget();
    await app.close();
  };
  try {
    const address = await app.listen({ port, host });
    app.server.on('error', (error) => notices.raise({ level: 'error', code: 'HTTP_FAILED', message: 'the HTTP server failed', error }));
    return { address, close };
  } catch (cause) {
    await close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BusbarError('LISTEN_FAILED', `nothing is served over HTTP: ${reason}`, { cause });
  }
}

function checked(options: HttpOptions): HttpOptions {
  const { port, host } = options;
  const problems: string[] = [];
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push('port must be an integer from 0 (one that is free) to 65535');
  if (host !== undefined && !isLoopbackAddress(host)) {
    problems.push(
      `host must be 127.0.0.1 or ::1, since there are no passwords: to let others in, put a proxy on this machine in front that asks who they are`,
    );
  }
  if (problems.length > 0) throw new BusbarError('ARGUMENT_INVALID', `nothing is served over HTTP: ${problems.join('; ')}`);
  return options;
}
