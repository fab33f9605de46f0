import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';

import { parseJsonObject } from '../event/json-object.js';
import type { Notices } from '../telemetry/notices.js';
import { BODY_LIMIT, frameworkError } from './framework-error.js';
import { answerTo, HttpError, HTTP_ERRORS, type ErrorAnswer, type ErrorBody } from './http-error.js';
import { KnownPaths } from './known-paths.js';
import { isLoopbackName } from './loopback.js';
import { requestInvalid } from './request-body.js';

/** So long a request may take to come in; one that has come takes as long as it takes. */
const REQUEST_MS = 30_000;

/** More than the longest name of a topic, however it is encoded. */
const LONGEST_NAME = 2_000;

const INTERNAL: ErrorAnswer = answerTo(new HttpError('INTERNAL', 'something failed that should not; the notice HTTP_FAILED says what'))!;

/** A server without routes: what comes from elsewhere is refused, and every error is JSON of one form. */
export function newHttpApp(notices: Notices): FastifyInstance {
  const answer = (error: unknown): ErrorAnswer => {
    const known = answerTo(error) ?? answerTo(frameworkError(error));
    if (known !== undefined) return known;
    notices.raise({ level: 'error', code: 'HTTP_FAILED', message: 'a request over HTTP failed', error });
    return INTERNAL;
  };
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    return503OnClosing: false, // ours is in the form of the others
    http: { requireHostHeader: false }, // likewise
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LONGEST_NAME },
    ajv: { customOptions: { allErrors: true, verbose: true, coerceTypes: false, removeAdditional: false, useDefaults: false } },
    schemaErrorFormatter: requestInvalid,
    clientErrorHandler: (error, socket) => refuseRaw(frameworkError(error) ?? new HttpError('REQUEST_INVALID', 'this is not HTTP'), socket),
    frameworkErrors: (error, _request, reply) => send(answer(error), reply),
  });
  // Node would refuse an expectation that it does not know by itself, and without a word of ours.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.setErrorHandler((error, _request, reply) => send(answer(error), reply));
  guard(app);
  takeJsonOnly(app);
  sayWhatThereIs(app);
  return app;
}

function send({ status, body }: ErrorAnswer, reply: Pick<FastifyReply, 'code'>): void {
  void reply.code(status).send(body);
}

function guard(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onRequest', async ({ headers: { host } }) => {
    if (!isLoopbackName(host))
      throw new HttpError(
        'HOST_REFUSED',
        'the header Host must name this machine: localhost, 127.0.0.1 or [::1]; a proxy in front has to set it',
      );
    if (closing) throw new HttpError('CLOSING', 'the service is stopping');
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    // What is answered while the server closes is the last of its connection; kept alive, it would keep the server.
    if (closing) reply.header('connection', 'close');
  });
}

/** A browser asks before it sends JSON to another site, and here nobody answers yes. */
function takeJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    try {
      return parseJsonObject(body);
    } catch (cause) {
      throw new HttpError('BODY_INVALID', 'the body must be a JSON object in UTF-8', undefined, { cause });
    }
  });
}

function sayWhatThereIs(app: FastifyInstance): void {
  const paths = new KnownPaths();
  app.addHook('onRoute', ({ path, method }) => {
    for (const each of [method].flat()) paths.add(path, each);
  });
  app.setNotFoundHandler(async ({ url, method }, reply) => {
    const methods = paths.methodsOf(url);
    if (methods === undefined) throw new HttpError('NOT_FOUND', `there is nothing at this path; there are ${String(paths)}`);
    reply.header('allow', methods.join(', '));
    throw new HttpError('METHOD_NOT_ALLOWED', `this path takes ${methods.join(', ')}, not ${method}`);
  });
}

/** To a socket on which no request could be read. */
function refuseRaw({ code, message }: HttpError, socket: Duplex): void {
  const text = JSON.stringify({ error: { code, message } } satisfies ErrorBody);
  const status = HTTP_ERRORS[code];
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
  else socket.destroy();
}
