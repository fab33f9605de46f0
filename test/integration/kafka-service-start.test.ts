import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inject, injectable } from 'inversify';
import { afterEach, describe, expect, it } from 'vitest';

import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import type { Clock } from '../../src/service/clock.js';
import { TOKENS } from '../../src/service/tokens.js';
import { application, OrderPlaced, Orders, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

describe('a start that cannot succeed', () => {
  it('names everything that is put together wrongly, before it connects', async () => {
    @ProcessorOptions({ name: 'needy' })
    @injectable()
    class Needy extends Processor {
      constructor(@inject(Symbol.for('nobody binds this')) readonly dependency: unknown) {
        super();
      }
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    @ProcessorOptions({ name: 'plain' })
    class Plain extends Processor {
      constructor(readonly clock: Clock) {
        super();
      }
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    @ProcessorOptions({ name: 'storing' })
    @injectable()
    class Storing extends Processor {
      constructor(@inject(TOKENS.Store) readonly store: unknown) {
        super();
      }
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    // Nobody listens on port 1: whoever connects has another error.
    const { service } = await application({ bootstrapServers: '127.0.0.1:1', topics: {} }, { processors: [Needy, Plain, Storing] });
    const error = await service.start().catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'WIRING_INVALID' });
    expect((error as Error).message).toMatch(
      /OrderPlaced is on topic 'orders'[^]*OrderShipped is on topic 'orders'[^]*Needy needs [^]*nobody binds this[^]*Plain cannot be made[^]*Storing needs a store, and there is none\n +fix: pass `store` to kafkaModule/,
    );
    expect(service.state).toBe('failed');
  });

  it('takes back what it had begun and rejects with what made it fail', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'busbar-service-'));
    const fault = new Error('the projection is not there');
    @ProcessorOptions({ name: 'failing' })
    @injectable()
    class Failing extends Processor {
      override onStart(): void {
        throw fault;
      }
      @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
    }
    const { service } = await application({ bootstrapServers: `embedded:${dir}` }, { processors: [Orders, Failing] });
    await expect(service.start()).rejects.toMatchObject({
      code: 'HANDLER_FAILED',
      message: '[HANDLER_FAILED] onStart of processor failing (Failing) failed: the projection is not there',
      cause: fault,
    });
    expect(service.state).toBe('failed');
    // The directory is free again only when the broker has ended.
    const next = await application({ bootstrapServers: `embedded:${dir}` });
    await next.service.start();
    await next.service.stop();
    rmSync(dir, { recursive: true });
  });
});

describe('an application that listens to signals', () => {
  it('drains when it is told to end, and then ends by that signal', async () => {
    const child = fork(new URL('../support/signalled-application.js', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const messages: unknown[] = [];
    child.on('message', (message) => {
      messages.push(message);
      if (message === 'handling') child.kill('SIGTERM');
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    expect(messages).toEqual(['handling', 'handled', 'stopped']);
    expect([code, signal]).toEqual([null, 'SIGTERM']);
  });
});
