import { describe, expect, it } from 'vitest';

import { isLoopbackAddress, isLoopbackName } from '../../src/http/loopback.js';

describe('the header Host', () => {
  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:1', '127.1.2.3:8080', '[::1]', '[::1]:65535'])(
    '%s names this machine',
    (host) => {
      expect(isLoopbackName(host)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    'example.org',
    'example.org:8080',
    'localhost.example.org',
    '127.0.0.1.example.org',
    'xlocalhost',
    'localhost@example.org',
    'localhost:',
    'localhost:80:80',
    'localhost, example.org',
    '128.0.0.1',
    '0.0.0.0:8080',
    '::1',
    '[::2]:8080',
    '[::1].example.org',
  ])('%s does not', (host) => {
    expect(isLoopbackName(host)).toBe(false);
  });
});

it('listens on addresses of this machine only', () => {
  expect(['127.0.0.1', '::1'].map(isLoopbackAddress)).toEqual([true, true]);
  expect(['0.0.0.0', '::', '192.168.0.1', 'localhost', '', undefined].some(isLoopbackAddress)).toBe(false);
});
