import { IsArray, IsInt, IsObject, IsOptional, IsString } from 'class-validator';

import { DomainEvent } from '../../src/event/domain-event.js';
import type { EventInit } from '../../src/event/contract.js';
import type { OutHeaders } from '../../src/kafka/record.js';
import { Random } from './random.js';

/** An event whose fields break in every way that JSON knows. */
@DomainEvent({ name: 'sampled', topic: 'samples', key: 'place' })
export class Sampled {
  @IsString() readonly place!: string;
  @IsInt() readonly count!: number;
  @IsArray() @IsString({ each: true }) readonly tags!: readonly string[];
  @IsObject() readonly details!: Readonly<Record<string, string | number | boolean | null>>;
  @IsOptional() @IsString() readonly note?: string | undefined;

  constructor(init: EventInit<Sampled>) {
    Object.assign(this, init);
  }
}

/** Read by the same processor, from another topic. */
@DomainEvent({ name: 'counted', topic: 'counts', key: 'place' })
export class Counted {
  @IsString() readonly place!: string;

  constructor(init: EventInit<Counted>) {
    Object.assign(this, init);
  }
}

/** A record that may be anything. */
export interface Mutant {
  /** Without the prefix. */
  readonly topic: 'samples' | 'counts';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: OutHeaders;
  /** What was done to it, in order. */
  readonly mutations: readonly string[];
}

interface Draft {
  topic: 'samples' | 'counts';
  key: Buffer | null;
  value: Buffer | null;
  /** In order; a name may occur more than once. */
  headers: [name: string, value: Buffer | string][];
}

export const UNHARMED = 'unharmed';

type Form = 'binary' | 'structured' | 'plain';

/** A record that is right, in one of the three forms. Its number is in its id, which no flipped bit makes that of an unharmed one. */
function original(number: number, random: Random, note = 'as it was'): Draft {
  const id = note === UNHARMED ? `whole-${number}` : `sample-${number}`;
  const place = `place-${random.below(50)}`;
  const data = {
    place,
    count: number,
    tags: ['a', 'ü', '漢'].slice(0, random.below(4)),
    details: { ok: true, n: null, x: 1.5 },
    note,
  };
  const form: Form = random.pick(['binary', 'binary', 'structured', 'plain']);
  const draft: Draft = { topic: 'samples', key: Buffer.from(place), value: null, headers: [] };
  const attributes = { specversion: '1.0', id, source: '/mutants', type: 'sampled', time: '2026-01-02T03:04:05.678Z' };
  if (form === 'plain') draft.value = Buffer.from(JSON.stringify({ event_type: 'sampled', data }));
  if (form === 'structured') {
    draft.value = Buffer.from(JSON.stringify({ ...attributes, eventversion: '1', datacontenttype: 'application/json', data }));
    draft.headers.push(['content-type', 'application/cloudevents+json']);
  }
  if (form === 'binary') {
    draft.value = Buffer.from(JSON.stringify(data));
    for (const [name, value] of Object.entries({ ...attributes, eventversion: '1', correlationid: id, path: 'mutants' }))
      draft.headers.push([`ce_${name}`, value]);
    draft.headers.push(['content-type', 'application/json'], ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']);
  }
  return draft;
}

type Mutation = (draft: Draft, random: Random) => void;

const NASTY_TEXT: readonly (string | Buffer)[] = [
  '',
  ' ',
  'a\r\nSet-Cookie: b',
  'a\u0000b',
  '\u2028',
  '__proto__',
  'constructor',
  'null',
  '\ud800',
  Buffer.from([0xff, 0xfe, 0x80]),
  Buffer.from([0xed, 0xa0, 0x80]),
  'x'.repeat(20_000),
];
const NASTY_NUMBERS = ['1e999', '-1e999', '123456789012345678901234567890', '-0', '1.5', '1e-400', '9007199254740993', '01', 'NaN', '0x10'];
const NASTY_VALUES = [
  'null',
  '[]',
  '{}',
  '""',
  'true',
  '[[]]',
  '"\\ud800"',
  '"\\u0000"',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{}}}',
];
const FIELDS = ['place', 'count', 'tags', 'details', 'note'];
const VERSIONS = ['0', '2', '-1', '1e9', 'abc', '9'.repeat(400), '1.0', ' 1', ''];
const CONTENT_TYPES = [
  'text/plain',
  'application/avro',
  'application/json; charset=latin1',
  'APPLICATION/JSON',
  '',
  ';;;',
  'application/cloudevents',
  'application/cloudevents+avro',
  'application/cloudevents-batch+json',
  'application/vnd.x+json',
];
const OTHER_NAMES = ['counted', 'unheard_of', '', '__proto__', 'constructor', 'toString', 'sampled\u0000', 'Sampled'];

const text = (draft: Draft): string => String(draft.value ?? '');
const bytes = (random: Random, length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)));
const nasty = (random: Random): string | Buffer => random.pick(NASTY_TEXT);

function flip(buffer: Buffer, random: Random): Buffer {
  const flipped = Buffer.from(buffer);
  if (flipped.length === 0) return flipped;
  for (let n = random.below(8); n >= 0; n--) flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
  return flipped;
}

/** Puts raw JSON where a field of the data has its value. */
function setField({ value }: Draft, name: string, json: string): Buffer | null {
  if (value === null) return null;
  const field = new RegExp(`"${name}":(?:"(?:[^"\\\\]|\\\\.)*"|\\[[^\\]]*\\]|\\{[^}]*\\}|[^,}]*)`);
  return Buffer.from(String(value).replace(field, () => `"${name}":${json}`));
}

function setHeader(draft: Draft, name: string, value: Buffer | string): void {
  draft.headers = [...draft.headers.filter(([other]) => other !== name), [name, value]];
}

/** Rare ones are large: a hundred times as many of them would be about the speed of memory. */
const RARE: Readonly<Record<string, Mutation>> = {
  'value: nested deeply': (draft, random) => {
    const open = random.pick(['[', '{"a":']);
    draft.value = setField(
      draft,
      random.pick(FIELDS),
      open.repeat(100_000) + random.pick(['', '1', `1${(open === '[' ? ']' : '}').repeat(100_000)}`]),
    );
  },
  'value: half a megabyte': (draft, random) =>
    void (draft.value = setField(draft, 'note', `"${random.pick(['x', '\\u00e9', '漢']).repeat(100_000)}"`)),
  'value: 20,000 fields': (draft) => {
    draft.value = setField(draft, 'details', JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`f${n}`, n]))));
  },
  'headers: 10,000': (draft, random) => {
    const name = random.pick(['h', 'ce_id', '__proto__']);
    const same = random.chance(0.5);
    for (let n = 0; n < 10_000; n++) draft.headers.push([same ? name : `${name}${n}`, 'v']);
  },
  'key: giant': (draft, random) => void (draft.key = Buffer.alloc(100_000, random.below(256))),
};

const COMMON: Readonly<Record<string, Mutation>> = {
  'value: bits flipped': (draft, random) => void (draft.value = draft.value && flip(draft.value, random)),
  'value: a byte replaced in the text of a field': (draft, random) => {
    draft.value = setField(draft, 'note', JSON.stringify(`as it ${random.pick(['is', 'was', 'ſ', '\u007f', '"', '\\'])}`));
  },
  'value: cut off': (draft, random) => void (draft.value = draft.value?.subarray(0, random.below(draft.value.length + 1)) ?? null),
  'value: a piece twice': (draft, random) => {
    const whole = text(draft);
    const at = random.below(whole.length + 1);
    draft.value = Buffer.from(whole.slice(0, at) + whole.slice(random.below(at + 1)));
  },
  'value: bytes put in': (draft, random) => {
    const whole = draft.value ?? Buffer.alloc(0);
    const at = random.below(whole.length + 1);
    draft.value = Buffer.concat([whole.subarray(0, at), bytes(random, 1 + random.below(4)), whole.subarray(at)]);
  },
  'value: noise': (draft, random) => void (draft.value = bytes(random, random.below(200))),
  'value: a tombstone': (draft) => void (draft.value = null),
  'value: empty': (draft) => void (draft.value = Buffer.alloc(0)),
  'value: of another type': (draft, random) => void (draft.value = setField(draft, random.pick(FIELDS), random.pick(NASTY_VALUES))),
  'value: an odd number': (draft, random) => void (draft.value = setField(draft, random.pick(['count', 'x']), random.pick(NASTY_NUMBERS))),
  'value: a field that is not declared': (draft, random) => {
    const name = random.pick(['extra', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', '']);
    draft.value = setField(draft, 'note', `"n",${JSON.stringify(name)}:${random.pick(NASTY_VALUES)}`);
  },
  'value: a field missing': (draft, random) =>
    void (draft.value = draft.value && Buffer.from(text(draft).replace(`"${random.pick(FIELDS)}"`, '"gone"'))),
  'value: JSON that is no object': (draft, random) => void (draft.value = Buffer.from(random.pick([...NASTY_VALUES, ...NASTY_NUMBERS]))),
  'value: a byte order mark': (draft) =>
    void (draft.value = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), draft.value ?? Buffer.alloc(0)])),
  'headers: one missing': (draft, random) => void draft.headers.splice(random.below(draft.headers.length + 1), 1),
  'headers: one twice': (draft, random) => {
    const header = draft.headers[random.below(draft.headers.length)];
    if (header !== undefined) draft.headers.push([header[0], random.chance(0.5) ? header[1] : nasty(random)]);
  },
  'headers: an odd value': (draft, random) => {
    const header = draft.headers[random.below(draft.headers.length)];
    if (header !== undefined) header[1] = nasty(random);
  },
  'headers: bits flipped': (draft, random) => {
    const header = draft.headers[random.below(draft.headers.length)];
    if (header !== undefined) header[1] = flip(Buffer.from(header[1]), random);
  },
  'headers: an odd name': (draft, random) =>
    void draft.headers.push([
      random.pick(['__proto__', 'constructor', 'toString', 'ce_', 'CE_ID', 'a\r\nb', 'ce_id\u0000', '', '漢']),
      nasty(random),
    ]),
  'headers: a harmless one more': (draft, random) => void draft.headers.push([`x-${random.below(1_000)}`, bytes(random, random.below(40))]),
  'headers: content type': (draft, random) => setHeader(draft, 'content-type', random.pick(CONTENT_TYPES)),
  'headers: version': (draft, random) => setHeader(draft, 'ce_eventversion', random.pick(VERSIONS)),
  'headers: specversion': (draft, random) => setHeader(draft, 'ce_specversion', random.pick(['0.3', '1.1', '', '1.0 '])),
  'headers: time': (draft, random) =>
    setHeader(draft, 'ce_time', random.pick(['', 'now', '0', '+275760-09-13T00:00:00Z', '2026-02-30T00:00:00Z', '9'.repeat(300)])),
  'headers: path': (draft, random) => setHeader(draft, 'ce_path', random.pick(['tests', ',,,', 'a,'.repeat(3_000), 'mutants,tests'])),
  'headers: another name': (draft, random) => setHeader(draft, 'ce_type', random.pick(OTHER_NAMES)),
  'headers: all gone': (draft) => void (draft.headers = []),
  'key: none': (draft) => void (draft.key = null),
  'key: empty': (draft) => void (draft.key = Buffer.alloc(0)),
  'key: noise': (draft, random) => void (draft.key = bytes(random, 1 + random.below(64))),
  'topic: the wrong one': (draft) => void (draft.topic = 'counts'),
};

const RARELY = 1 / 400;

/** The mutant of this number: the same for the same seed, whatever was made before it. */
export function mutant(seed: number, number: number): Mutant {
  const random = new Random(seed ^ Math.imul(number + 1, 0x9e37_79b1));
  const draft = original(number, random);
  const mutations: string[] = [];
  const mutate = (all: Readonly<Record<string, Mutation>>): void => {
    const name = random.pick(Object.keys(all));
    all[name]!(draft, random);
    mutations.push(name);
  };
  mutate(random.chance(RARELY) ? RARE : COMMON);
  while (random.chance(0.2)) mutate(COMMON);
  return { ...draft, headers: headersOf(draft.headers), mutations };
}

/** A record that nothing was done to; its `note` says so. */
export function unharmed(seed: number, number: number): Mutant {
  const draft = original(number, new Random(seed ^ Math.imul(number + 1, 0x9e37_79b1)), UNHARMED);
  return { ...draft, headers: headersOf(draft.headers), mutations: [] };
}

/** As a driver gives them: own properties, whatever they are called, and a list where a name occurs twice. */
function headersOf(headers: Draft['headers']): OutHeaders {
  const found = new Map<string, Buffer | string | (Buffer | string)[]>();
  for (const [name, value] of headers) {
    const before = found.get(name);
    if (before === undefined) found.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else found.set(name, [before, value]);
  }
  return Object.fromEntries(found);
}
