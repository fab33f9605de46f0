import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { PublishError } from '../../src/bus/publish-error.js';
import { BusbarError, ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { EventInvalidError } from '../../src/event/event-contract.js';
import { answerTo, HTTP_ERRORS, HttpError, type HttpErrorCode } from '../../src/http/http-error.js';
import { envelope } from './outbound/publisher-fixture.js';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('an error over HTTP', () => {
  it('has its code, its message without the code in front, and whether to try again', () => {
    expect(answerTo(new BusbarError('BROKER_UNREACHABLE', 'no broker answers', { retriable: true }))).toEqual({
      status: 503,
      body: { error: { code: 'BROKER_UNREACHABLE', message: 'no broker answers', retriable: true } },
    });
  });

  it('is 4xx where the caller can mend it, and 503 otherwise', () => {
    const statuses = codes.map((code) => [code, answerTo(new BusbarError(code, 'why'))?.status] as const);
    expect(Object.fromEntries(statuses.filter(([, status]) => status !== 503))).toEqual({
      ARGUMENT_INVALID: 400,
      TOPIC_INVALID: 400,
      EVENT_UNKNOWN: 404,
      TOPIC_MISSING: 404,
      TOO_LARGE: 413,
      EVENT_INVALID: 422,
      INBOUND_ONLY: 422,
      KEY_MISSING: 422,
      VERSION_UNSUPPORTED: 422,
    });
  });

  it('names the fields of an event that are wrong', () => {
    const violations = [{ path: 'amount', rule: 'isInt', message: 'must be an integer number (is string)' }];
    const { body } = answerTo(new EventInvalidError('order_placed version 1', violations))!;
    expect(body.error.violations).toEqual(violations);
  });

  it('is short whatever was sent: of thousands of wrong fields it names the first, and how many more there are', () => {
    const wrong = Array.from({ length: 5_000 }, (_, index) => ({
      path: `${index}`.padStart(5_000, 'x'),
      rule: 'declared',
      message: 'is no declared field of the event',
    }));
    const { body } = answerTo(new EventInvalidError('order_placed version 1', wrong))!;
    expect(body.error.violations).toHaveLength(20);
    expect(body.error.message).toContain('; and 4980 more');
    expect(JSON.stringify(body).length).toBeLessThan(20_000);
  });

  it('says of an event that is not known to be safe whether it may be on the log, and its id', () => {
    const event = envelope('text');
    const unsafe = new PublishError('DELIVERY_TIMEOUT', 'too late', { certainty: 'unknown', envelope: event, heard: true });
    expect(answerTo(unsafe)).toEqual({
      status: 503,
      body: { error: { code: 'DELIVERY_TIMEOUT', message: 'too late', certainty: 'unknown', id: event.id, retriable: true } },
    });
  });

  it('says nothing of its cause', () => {
    const answer = answerTo(new BusbarError('KAFKA_FAILED', 'it failed', { cause: new Error('the password is hunter2') }));
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('that nobody raised on purpose has no answer of its own', () => {
    expect(answerTo(new Error('hunter2'))).toBeUndefined();
    expect(answerTo(undefined)).toBeUndefined();
  });

  it('is in the guide, each code with its status', () => {
    const page = readFileSync(new URL('../../../docs/guide/http.md', import.meta.url), 'utf8');
    const byCode = (rows: readonly (readonly [string, number])[]) => new Map(rows.toSorted(([one], [other]) => (one < other ? -1 : 1)));
    const rows = Array.from(page.matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \| (\d+) \|/gm), ([, names = '', status]) =>
      Array.from(names.matchAll(/[A-Z_]+/g), ([code]) => [code, Number(status)] as const),
    ).flat();
    const special = codes
      .map((code) => [code, answerTo(new BusbarError(code, 'why'))!.status] as const)
      .filter(([, status]) => status !== 503);
    expect(byCode(rows)).toEqual(byCode([...special, ...Object.entries(HTTP_ERRORS)]));
  });

  it('has no code that means something else in the library', () => {
    for (const code of Object.keys(HTTP_ERRORS) as HttpErrorCode[]) {
      expect(codes).not.toContain(code);
      expect(answerTo(new HttpError(code, 'why'))).toEqual({ status: HTTP_ERRORS[code], body: { error: { code, message: 'why' } } });
    }
  });
});
