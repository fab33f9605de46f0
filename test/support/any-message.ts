import fc from 'fast-check';
import type { Message } from 'kafkajs';

/** Around the lengths where a varint takes a byte more, and text of one, two, three and four bytes a character. */
const text = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.constantFrom('', 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(32), 'x'.repeat(8191), 'x'.repeat(8192), '\ud800'),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
  fc.constantFrom(Buffer.alloc(8192), Buffer.alloc(70_000)),
);
// kafkajs misreads headers that are called like something that every object has.
const name = text.filter((given) => !(given in {}));
const headers = fc
  .array(fc.tuple(name, fc.oneof(text, bytes, fc.array(fc.oneof(text, bytes), { maxLength: 3 }))), { maxLength: 8 })
  .map((entries) => Object.fromEntries(entries));
const BEGIN = 1_790_000_000_000;

/** A message with whatever a message may have. */
export const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    key: fc.option(fc.oneof(text, bytes)),
    value: fc.option(fc.oneof(text, bytes)),
    headers,
    // Of as many digits each: kafkajs takes the first and the last in the order of the alphabet.
    timestamp: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 5e12 })).map((later) => String(BEGIN + later)),
  },
  { requiredKeys: ['value', 'timestamp'] },
);
