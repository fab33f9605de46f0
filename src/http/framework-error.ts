import { HttpError } from './http-error.js';

export const BODY_LIMIT = 1024 * 1024;

/** What fastify and Node refuse by themselves, in our words; undefined for any other error. */
export function frameworkError(error: unknown): HttpError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpError('BODY_TOO_LARGE', `the body is larger than ${BODY_LIMIT} bytes`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpError('MEDIA_TYPE_REFUSED', 'the body must be JSON: send the header Content-Type: application/json');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new HttpError('REQUEST_INVALID', 'the path cannot be read: a name in it is encoded wrongly or too long');
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError('HEADERS_TOO_LARGE', 'the headers are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpError('REQUEST_TIMEOUT', 'the request did not come to its end in time');
    default:
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new HttpError('BODY_INVALID', 'the body did not come as it was announced');
  return undefined;
}
