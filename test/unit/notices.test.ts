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

  it('goes to who listens instead', () => {
    const notices = new Notices();
    const heard: Notice[] = [];
    notices.onNotice((notice) => heard.push(notice));
    expect(printed(() => notices.raise(warning))).toBe('');
    expect(heard).toEqual([warning]);
  });

  it('is printed when it is information and that is wanted', () => {
    expect(printed(() => printNotice(info, 'info'))).toBe('busbar info CLIENT_LOG connected\n');
  });
});
