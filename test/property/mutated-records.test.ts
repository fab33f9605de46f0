import { expect, it } from 'vitest';

import type { InRecord, OutHeaders } from '../../src/kafka/record.js';
import type { Store } from '../../src/store/store.js';
import { newStore } from '../support/billing.js';
import { mutant, unharmed, type Mutant } from '../support/mutations.js';
import { playMutants, type Played } from '../support/mutants-played.js';

const SEED = Number(process.env['BUSBAR_SEED'] ?? Date.now() % 1_000_000);
const MUTANTS = Number(process.env['BUSBAR_MUTANTS'] ?? 5_000);
/** To repeat one of them alone. */
const ONLY = process.env['BUSBAR_MUTANT'];
/** A record that holds everything up for so long is a way to stop a service. */
const HANG_MS = 1_000;
/** One of so many records is left as it was: it has to be handled, whatever stands around it. */
const UNHARMED_EVERY = 10;

const isUnharmed = (number: number): boolean => number % UNHARMED_EVERY === 0;
const numbered = (number: number): Mutant => (isUnharmed(number) ? unharmed(SEED, number) : mutant(SEED, number));
const repeat = (number: number): string => `repeat it alone: BUSBAR_SEED=${SEED} BUSBAR_MUTANT=${number}`;
/** So many that the given number of them is mutated. */
function numbers(mutants: number): number[] {
  return [...Array(mutants + Math.ceil(mutants / (UNHARMED_EVERY - 1))).keys()];
}

it.each([
  [MUTANTS, 'without a store', (): Store | undefined => undefined],
  [Math.min(MUTANTS, 500), 'with a store', newStore],
] as const)(
  '%i mutated records %s end in an outcome, none takes a second, and those between them are handled',
  async (count, _, makeStore) => {
    const all = ONLY === undefined ? numbers(count) : [Number(ONLY)];
    const played = await playMutants({ numbers: all, mutant: numbered, store: makeStore() });
    const mutants = all.filter((number) => !isUnharmed(number));
    const untouched = all.filter(isUnharmed);
    const reached = played.calls - untouched.length;
    print(played, mutants.length, untouched.length, reached);

    expect(played.outcomes).toMatchObject({ delivered: all.length, inFlight: 0, abandoned: 0 });
    expect(untouched.filter((number) => !played.unharmed.has(number))).toEqual([]);
    if (ONLY === undefined) expect(reached / mutants.length).toBeGreaterThan(0.2);
    checkDeadLetters(played);
    for (const number of played.took.keys())
      if (played.took.get(number)! > HANG_MS) expect(await alone(number), repeat(number)).toBeLessThan(HANG_MS);
  },
);

function print({ took, outcomes, elapsed }: Played, mutants: number, untouched: number, reached: number): void {
  const [number, ms] = [...took].reduce((slowest, one) => (one[1] > slowest[1] ? one : slowest));
  const sum = [...took.values()].reduce((total, one) => total + one, 0);
  console.log(
    [
      `mutated records: seed ${SEED}, ${mutants} mutated and ${untouched} unharmed in ${(elapsed / 1_000).toFixed(1)} s`,
      `${JSON.stringify(outcomes)}; ${((100 * reached) / Math.max(1, mutants)).toFixed(1)} % of the mutated reached the handler`,
      `mean ${(sum / took.size).toFixed(2)} ms; slowest ${ms.toFixed(1)} ms: number ${number} (${numbered(number).mutations.join(', ') || 'unharmed'}); ${repeat(number)}`,
    ].join('\n'),
  );
}

/** The time (ms) of one record that took too long among others: the best of three, since the machine may have had other work. */
async function alone(number: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 3; n++) times.push((await playMutants({ numbers: [number], mutant: numbered, store: undefined })).took.get(number)!);
  return Math.min(...times);
}

/** Each holds key, value and headers of its record to the byte. */
function checkDeadLetters({ letters, originals, outcomes, numberOf }: Played): void {
  const byPlace = new Map(originals.map((record) => [`${record.topic}/${record.partition}@${record.offset}`, record]));
  expect(letters.length).toBe(outcomes.deadLettered);
  for (const letter of letters) {
    const [topic, partition, offset] = ['topic', 'partition', 'offset'].map((name) => String(letter.headers[`x-dlq-${name}`]));
    const record = byPlace.get(`${topic}/${partition}@${offset}`)!;
    const same =
      isSame(letter.key, record.key) && isSame(letter.value, record.value) && bytesOf(letter.headers).equals(bytesOf(record.headers));
    expect(same, repeat(numberOf(record))).toBe(true);
  }
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** Headers in one piece, without those that a dead letter adds. */
function bytesOf(headers: InRecord['headers'] | OutHeaders): Buffer {
  const parts = Object.entries(headers)
    .filter(([name]) => !name.startsWith('x-dlq-'))
    .flatMap(([name, value]) => [value].flat().map((one) => [Buffer.from(name), Buffer.from(one as string)]));
  return Buffer.concat(parts.flat().flatMap((part) => [Buffer.from(`${part.length}:`), part]));
}
