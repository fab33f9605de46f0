import { afterEach, describe, expect, it, vi } from 'vitest';

import { Notices, printNotice, type Notice } from '../../src/telemetry/notices.js';

const info: Notice = { level: 'info', code: 'CLIENT_LOG', message: 'connected' };
const warning: Notice = {
  level: 'warn',
  code: 'CONFIG_WARNING',
  message: 'has no effect',
  details: { topic: 'orders', partition: undefined },
};

function printed(work: () => void): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  work();
  return write.mock.calls.map(([text]) => String(text)).join('');
}

afterEach(() => vi.restoreAllMocks());

describe('a notice', () => {
  it('goes to stderr in one line when nobody listens, unless it is only information', () => {
    const notices = new Notices();
    expect(printed(() => [info, warning].forEach((notice) => notices.raise(notice)))).toBe(
      'busbar warn CONFIG_WARNING has no effect topic=orders\n',
    );
  });

  it('has no line that somebody else has written: line breaks and codes for terminals in what came from outside are taken out', () => {
    const forged = 'x\r\nbusbar error FORGED \u001b[31mall is lost\0\u2028';
    const error = new Error(forged);
    error.stack = `Error: ${forged}\n    at somewhere`;
    expect(printed(() => printNotice({ ...warning, message: forged, details: { id: forged }, error }))).toBe(
      'busbar warn CONFIG_WARNING x busbar error FORGED  [31mall is lost  id=x busbar error FORGED  [31mall is lost : Error: x \n  busbar error FORGED  [31mall is lost \n    at somewhere\n',
    );
  });

  it('goes to who listens instead', () => {
    const notices = new Notices();
    const heard: Notice[] = [];
    notices.onNotice((notice) => heard.push(notice));
    expect(printed(() => notices.raise(warning))).toBe('');
    expect(heard).toEqual([warning]);
  });

  it('reaches every listener though one throws, and whoever raised it hears nothing of that', async () => {
    const notices = new Notices();
    const heard: Notice[] = [];
    notices.onNotice(() => {
      throw new Error('log file closed');
    });
    // oxlint-disable-next-line typescript/no-misused-promises -- what an application may do by mistake
    notices.onNotice(() => Promise.reject(new Error('log server gone')));
    notices.onNotice((notice) => heard.push(notice));
    const text = printed(() => notices.raise(warning));
    expect(heard).toEqual([warning]);
    expect(text).toMatch(/^busbar warn CONFIG_WARNING has no effect topic=orders\nbusbar error NOTICE_LISTENER_FAILED .*log file closed/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(
      vi
        .mocked(process.stderr.write)
        .mock.calls.map(([line]) => String(line))
        .join(''),
    ).toMatch(/log server gone/);
  });

  it('is printed with the causes of its error, and an end of them where they go round', () => {
    const notices = new Notices();
    const failure = new Error('the policy is to stop', { cause: new TypeError('in the handler') });
    expect(printed(() => notices.raise({ ...warning, error: failure }))).toMatch(
      /Error: the policy is to stop\n[^]*\n {2}caused by TypeError: in the handler\n {4}at /,
    );
    failure.cause = failure;
    expect(printed(() => notices.raise({ ...warning, error: failure })).split('caused by').length).toBeLessThan(20);
  });

  it('is printed whatever its error is', () => {
    const error = Object.defineProperty(new Error('x'), 'stack', {
      get: () => {
        throw new Error('no stack');
      },
    });
    expect(printed(() => printNotice({ ...warning, error }))).toMatch(/has no effect .*cannot be read\n$/);
  });

  it('is printed when it is information and that is wanted', () => {
    expect(printed(() => printNotice(info, 'info'))).toBe('busbar info CLIENT_LOG connected\n');
  });
});
