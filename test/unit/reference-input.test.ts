import { describe, expect, it } from 'vitest';

import { BusbarError, EventRegistry } from 'busbar';

import { DecisionMade } from '../../processors/decision/decision-events.js';
import { DebateInitiated, DebateRoundCompleted } from '../../processors/debate/debate-events.js';
import { LineRejected, readCloudEvent } from '../../processors/reference/cloud-event.js';
import { linesOf, MAX_LINE_BYTES, type Line } from '../../processors/reference/lines.js';
import { parseOptions, UsageError } from '../../processors/reference/options.js';
import { scenario } from '../../processors/reference/scenario.js';
import { EVENTS } from '../../processors/reference/application.js';

const registry = new EventRegistry(EVENTS);

const decision = {
  specversion: '1.0',
  id: 'd-1-decision',
  source: '/python/peps',
  type: 'decision_made',
  subject: 'd-1',
  time: '2001-02-03T04:05:06.789Z',
  datacontenttype: 'application/json',
  data: { debateId: 'd-1', decisionId: 'd-1-decision', outcome: 'accepted', dateKnown: true },
};

describe('a line of the input', () => {
  it('gives the event and keeps id, source, time and key', () => {
    const { event, options } = readCloudEvent(JSON.stringify(decision), registry);
    expect(event).toBeInstanceOf(DecisionMade);
    expect({ ...event }).toEqual(decision.data);
    expect(options).toEqual({ id: 'd-1-decision', source: '/python/peps', occurredAt: new Date('2001-02-03T04:05:06.789Z'), key: 'd-1' });
  });

  it('may leave out what has a default', () => {
    const { subject: _subject, datacontenttype: _type, ...rest } = decision;
    expect(readCloudEvent(JSON.stringify(rest), registry).options.key).toBeUndefined();
  });

  it('may hold a text that looks like a name of JavaScript', () => {
    const data = { debateId: '__proto__', question: 'Is "__proto__" a field?', kind: 'constructor' };
    const { event } = readCloudEvent(JSON.stringify({ ...decision, type: 'debate_initiated', data }), registry);
    expect(event).toBeInstanceOf(DebateInitiated);
    expect({ ...event }).toEqual(data);
  });

  const lines: readonly (readonly [string, string, RegExp])[] = [
    ['is not JSON', '{"specversion":', /^not JSON: /],
    ['is no object', '["specversion"]', /^not a JSON object$/],
    ...(['specversion', 'id', 'source', 'type', 'time'] as const).map(
      (name) =>
        [`has no ${name}`, JSON.stringify({ ...decision, [name]: undefined }), new RegExp(`^attribute ${name} is missing$`)] as const,
    ),
    ['has no data', JSON.stringify({ ...decision, data: undefined }), /^attribute data is missing$/],
    ['is of another specification', JSON.stringify({ ...decision, specversion: '0.3' }), /^specversion must be "1.0", not "0.3"$/],
    ['has an empty id', JSON.stringify({ ...decision, id: '' }), /^attribute id must be a text that is not empty$/],
    ['has a number for its subject', JSON.stringify({ ...decision, subject: 7 }), /^attribute subject must be a text/],
    [
      'happened at no time',
      JSON.stringify({ ...decision, time: 'yesterday' }),
      /^attribute time must be a time as in RFC 3339, not "yesterday"$/,
    ],
    ['is an unknown event', JSON.stringify({ ...decision, type: 'coffee_made' }), /^unknown event "coffee_made"$/],
    ['is named as a property of every object', JSON.stringify({ ...decision, type: 'constructor' }), /^unknown event "constructor"$/],
    ['has data that is no object', JSON.stringify({ ...decision, data: 'accepted' }), /^data must be an object$/],
    ['is not in JSON', JSON.stringify({ ...decision, datacontenttype: 'text/plain' }), /^datacontenttype must be "application\/json"/],
    [
      'has a field too many',
      JSON.stringify({ ...decision, data: { ...decision.data, mood: 'good' } }),
      /^decision_made has no field "mood"$/,
    ],
    ['has a field too few', JSON.stringify({ ...decision, data: { ...decision.data, dateKnown: undefined } }), /EVENT_INVALID.*dateKnown/],
    ['has a fifth outcome', JSON.stringify({ ...decision, data: { ...decision.data, outcome: 'postponed' } }), /EVENT_INVALID.*outcome/],
    [
      'says "true" instead of true',
      JSON.stringify({ ...decision, data: { ...decision.data, dateKnown: 'true' } }),
      /EVENT_INVALID.*dateKnown/,
    ],
    [
      'has a prototype in it',
      JSON.stringify(decision).replace('"dateKnown"', '"__proto__":{"dateKnown":true},"dateKnown"'),
      /^__proto__ is not allowed$/,
    ],
    ['has a prototype for its attributes', `{"__proto__":${JSON.stringify(decision)}}`, /^__proto__ is not allowed$/],
    [
      'spells its prototype in another way',
      JSON.stringify(decision).replace('"dateKnown"', '"\\u005f_proto__":{},"dateKnown"'),
      /^__proto__ is not allowed$/,
    ],
  ];
  it.each(lines)('is rejected when it %s', (_what, line, reason) => {
    expect(() => readCloudEvent(line, registry)).toThrow(LineRejected);
    expect(() => readCloudEvent(line, registry)).toThrow(reason);
  });

  it.each([0, -1, 1.5, '1', null, 2 ** 53])('is rejected when its round is %s', (round) => {
    const line = JSON.stringify({ ...decision, type: 'debate_round_completed', data: { debateId: 'd-1', round } });
    if (round === 2 ** 53) expect(readCloudEvent(line, registry).event).toBeInstanceOf(DebateRoundCompleted);
    else expect(() => readCloudEvent(line, registry)).toThrow(/EVENT_INVALID.*round/);
  });
});

async function read(...chunks: (string | Uint8Array)[]): Promise<Line[]> {
  const bytes = (async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  })();
  const lines: Line[] = [];
  for await (const line of linesOf(bytes)) lines.push(line);
  return lines;
}

describe('lines', () => {
  it('are found wherever the bytes are cut, and keep their numbers', async () => {
    const text = 'one\r\n\n  \ntwö\nthree';
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const lines = await read(bytes.subarray(0, cut), bytes.subarray(cut));
      expect(lines.map(({ number, text: line }) => [number, line?.trim()])).toEqual([
        [1, 'one'],
        [4, 'twö'],
        [5, 'three'],
      ]);
    }
  });

  it('do not have the mark that some editors put before the first', async () => {
    expect(await read('\uFEFFone\n')).toEqual([{ number: 1, text: 'one' }]);
  });

  it('that are not UTF-8 are said to be so, and the next one is read', async () => {
    expect(await read(Uint8Array.of(0x61, 0xff, 0x0a), 'two')).toEqual([
      { number: 1, text: undefined, reason: 'not UTF-8' },
      { number: 2, text: 'two' },
    ]);
  });

  it('that are too long are not held, and the next one is read', async () => {
    const long = Buffer.alloc(MAX_LINE_BYTES, 'x');
    const [first, second] = await read(long, long, '\ntwo');
    expect(first).toMatchObject({ number: 1, text: undefined, reason: expect.stringMatching(/^longer than/) });
    expect(second).toEqual({ number: 2, text: 'two' });
  });
});

describe('the bundled scenario', () => {
  const eventsOf = (count: number) =>
    [...scenario(count)].map(({ text }) => JSON.parse(text ?? '') as { id: string; type: string; time: string });

  it('has as many events as asked for, all of them good', () => {
    for (const count of [1, 15, 500]) expect(eventsOf(count)).toHaveLength(count);
    for (const { text } of scenario(500)) expect(() => readCloudEvent(text ?? '', registry)).not.toThrow();
  });

  it('has every event of the application in its first fifteen lines', () => {
    const names = registry.contracts().map(({ name }) => name);
    expect(names).toHaveLength(15);
    expect(new Set(eventsOf(15).map(({ type }) => type))).toEqual(new Set(names));
  });

  it('is the same every time, and a longer one begins like a shorter one', () => {
    expect(eventsOf(2000)).toEqual(eventsOf(2000));
    expect(eventsOf(2000).slice(0, 700)).toEqual(eventsOf(700));
  });

  it('happens in the order of time, with an id for each event', () => {
    const events = eventsOf(2000);
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted());
    expect(new Set(events.map(({ id }) => id)).size).toBe(2000);
  });
});

describe('the command line', () => {
  it('has defaults for everything', () => {
    expect(parseOptions([])).toEqual({
      input: undefined,
      exit: false,
      json: false,
      dataDir: undefined,
      events: 2000,
      port: undefined,
      help: false,
    });
  });

  it('is understood', () => {
    expect(parseOptions(['--input', '-', '--exit', '--json', '--data-dir=x'])).toMatchObject({
      input: '-',
      exit: true,
      json: true,
      dataDir: 'x',
    });
    expect(parseOptions(['--events', '15']).events).toBe(15);
    expect(parseOptions(['--port', '0']).port).toBe(0);
    expect(parseOptions(['--port', '65535']).port).toBe(65_535);
  });

  it.each([
    [['--porth', '1'], /--porth/],
    [['--port', '65536'], /--port must be an integer from 0 to 65535, not "65536"/],
    [['--port', 'any'], /not "any"/],
    [['--port='], /not ""/],
    [['peps.jsonl'], /peps\.jsonl/],
    [['--events', '0'], /1 to 10,000,000, not "0"/],
    [['--events', 'many'], /not "many"/],
    [['--data-dir='], /--data-dir needs a value/],
    [['--input', 'none', '--events', '5'], /leave out --input/],
  ])('%j is refused', (argv, reason) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(reason);
  });
});

it('lines are rejected with an error of their own, not with one of the library', () => {
  expect(new LineRejected('no')).not.toBeInstanceOf(BusbarError);
});
