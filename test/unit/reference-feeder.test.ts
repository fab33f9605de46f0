import { describe, expect, it } from 'vitest';

import { BusbarError, EventBus, EventRegistry, Notices } from 'busbar';

import { EVENTS } from '../../processors/reference/application.js';
import { Feeder, MAX_IN_FLIGHT } from '../../processors/reference/feeder.js';
import type { Line } from '../../processors/reference/lines.js';
import { scenario } from '../../processors/reference/scenario.js';
import { kafka, manualOutlet, turn } from '../support/manual-outlet.js';

function feeding(lines: AsyncIterable<Line> | Iterable<Line>) {
  const bus = new EventBus({ source: '/test', notices: new Notices() });
  const { outlet, calls } = manualOutlet();
  bus.connectOutlet(outlet);
  const rejected: string[] = [];
  const feeder = new Feeder(bus, new EventRegistry(EVENTS), (line, reason) => rejected.push(`${line}: ${reason}`));
  const stop = new AbortController();
  const end = feeder.feed(lines, stop.signal);
  const land = (from: number, to: number): void => {
    calls.slice(from, to).forEach((call, index) => {
      call.accept();
      call.deliver(kafka(from + index));
    });
  };
  return { feeder, calls, land, rejected, stop, end };
}

const idOf = (line: Line): string => (JSON.parse(line.text ?? '') as { id: string }).id;

describe('feeding', () => {
  it('publishes in the order of the lines and counts what has landed', async () => {
    const lines = [...scenario(50)];
    const { feeder, calls, land, end } = feeding(lines);
    await turn();
    expect(calls.map(({ envelope }) => envelope.id)).toEqual(lines.map(idOf));
    expect(feeder.counts).toEqual({ lines: 50, published: 0, rejected: 0 });
    land(0, 20);
    await turn();
    expect(feeder.counts.published).toBe(20);
    land(20, 50);
    await end;
    expect(feeder.counts).toEqual({ lines: 50, published: 50, rejected: 0 });
  });

  it('has a bounded number of events on their way, and goes on when one has landed', async () => {
    const { calls, land, end } = feeding(scenario(MAX_IN_FLIGHT + 10));
    await turn();
    expect(calls).toHaveLength(MAX_IN_FLIGHT);
    land(0, 1);
    await turn();
    expect(calls).toHaveLength(MAX_IN_FLIGHT + 1);
    for (let landed = 1; landed < MAX_IN_FLIGHT + 10;) {
      const called = calls.length;
      land(landed, called);
      landed = called;
      await turn();
    }
    await end;
  });

  it('rejects a line that no topic can take, and goes on', async () => {
    const { feeder, calls, land, rejected, end } = feeding(scenario(3));
    await turn();
    calls[1]?.refuse(new BusbarError('TOO_LARGE', 'too large'));
    land(0, 1);
    land(2, 3);
    await end;
    expect(rejected).toEqual(['2: [TOO_LARGE] too large']);
    expect(feeder.counts).toEqual({ lines: 3, published: 2, rejected: 1 });
  });

  it('fails when an event is not known to be safe, once the others have landed, and reads no further', async () => {
    let read = 0;
    const lines = (function* () {
      for (const line of scenario(MAX_IN_FLIGHT + 500)) {
        read += 1;
        yield line;
      }
    })();
    const { calls, land, end } = feeding(lines);
    let ended = false;
    const failure = expect(end.finally(() => (ended = true))).rejects.toMatchObject({ code: 'DELIVERY_TIMEOUT', certainty: 'unknown' });
    await turn();
    calls[0]?.accept();
    calls[0]?.lose(new BusbarError('DELIVERY_TIMEOUT', 'too late'));
    await turn();
    expect(ended).toBe(false);
    land(1, calls.length);
    await failure;
    expect(read).toBe(MAX_IN_FLIGHT + 1);
  });

  it('stops when it is told to, even while it waits for more lines', async () => {
    const waiting = (async function* () {
      yield* scenario(2);
      await new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(new Error('aborted'))));
    })();
    const { feeder, land, stop, end } = feeding(waiting);
    await turn();
    stop.abort();
    land(0, 2);
    await end;
    expect(feeder.counts).toEqual({ lines: 2, published: 2, rejected: 0 });
  });

  it('fails when the lines cannot be read to their end', async () => {
    const broken = (async function* () {
      yield* scenario(1);
      await turn();
      throw new Error('the disk is gone');
    })();
    const { feeder, land, end } = feeding(broken);
    const failure = expect(end).rejects.toThrow('the disk is gone');
    await turn();
    await turn();
    land(0, 1);
    await failure;
    expect(feeder.counts.published).toBe(1);
  });
});
