import type { EventContext } from '../../src/bus/event-context.js';
import type { OutcomeCounts } from '../../src/inbound/outcomes.js';
import type { InRecord } from '../../src/kafka/record.js';
import { SimulatedKafka } from '../../src/kafka/simulated/simulated-kafka.js';
import { deadLetter } from '../../src/policy/policy.js';
import { Handles } from '../../src/processor/handles.js';
import { Processor } from '../../src/processor/processor.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import type { Store } from '../../src/store/store.js';
import { TestApplication } from './application.js';
import { HangWatch } from './hang-watch.js';
import { Counted, Sampled, UNHARMED, type Mutant } from './mutations.js';
import { oneByOne } from './one-by-one.js';

const IN_ONE_BATCH = 100;
const PARTITIONS = 3;
/** Longer than any record takes on any machine: then it never ends. */
const NEVER_MS = 60_000;

export interface Play {
  readonly numbers: readonly number[];
  /** The record of a number. */
  mutant(number: number): Mutant;
  readonly store: Store | undefined;
}

/** What became of the records. */
export interface Played {
  readonly outcomes: OutcomeCounts;
  /** Of the handlers. */
  readonly calls: number;
  /** Numbers of the unharmed records that were handled. */
  readonly unharmed: ReadonlySet<number>;
  /** How long each number took until it was settled, in ms. */
  readonly took: ReadonlyMap<number, number>;
  readonly elapsed: number;
  readonly originals: readonly InRecord[];
  readonly letters: readonly InRecord[];
  numberOf(record: InRecord): number;
}

@ProcessorOptions({ name: 'samples', onError: [deadLetter()] })
class Samples extends Processor {
  readonly unharmed = new Set<number>();
  calls = 0;

  @Handles(Sampled) sampled({ count, tags, note }: Sampled, ctx: EventContext): void {
    this.calls += 1;
    if (note === UNHARMED && ctx.metadata.name === 'sampled') this.unharmed.add(count);
    // What gets so far and is odd all the same fails here.
    if (count < 0 || tags.length > 3) throw new TypeError('an odd sample');
  }

  @Handles(Counted) counted(): void {
    this.calls += 1;
  }
}

/** Gives the records to a processor, on a simulated Kafka and in batches, but one after the other to each partition. */
export async function playMutants({ numbers, mutant, store }: Play): Promise<Played> {
  const watch = new HangWatch(NEVER_MS, 'record # is never settled');
  const took = new Map<number, number>();
  const placed = new Map<string, number>();
  const numberOf = ({ topic, partition, offset }: InRecord): number => placed.get(`${topic}/${partition}@${offset}`)!;
  const kafka = new SimulatedKafka({ commitIntervalMs: 20 });
  const samples = new Samples();
  const application = await TestApplication.start({
    events: [Sampled, Counted],
    processors: [samples],
    store,
    partitions: PARTITIONS,
    bootstrap: 'nobody:1',
    wrapDriver: () =>
      oneByOne(
        kafka.driver(),
        (record) => watch.step(numberOf(record)),
        (record, ms) => took.set(numberOf(record), ms),
      ),
  });
  const topics = ['samples', 'counts'].map((topic) => application.topics.topic(topic));
  const began = performance.now();
  for (let from = 0; from < numbers.length; from += IN_ONE_BATCH) {
    const batch = numbers.slice(from, from + IN_ONE_BATCH).map((number) => ({ number, ...mutant(number) }));
    for (const topic of topics) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const mine = batch.filter((one) => application.topics.topic(one.topic) === topic && one.number % PARTITIONS === partition);
        const next = kafka.log(topic)[partition]!.length;
        mine.forEach(({ number }, index) => placed.set(`${topic}/${partition}@${next + index}`, number));
        const records = mine.map(({ key, value, headers }) => ({ topic, key, value, headers, timestamp: 1_700_000_000_000 }));
        if (records.length > 0) await application.driver.produce(topic, partition, records, Date.now() + NEVER_MS);
      }
    }
    await application.caughtUp('samples');
    // Each of them was told; kept they would fill the memory.
    application.notices.length = 0;
  }
  const elapsed = performance.now() - began;
  const outcomes = application.outcomes('samples');
  const originals = topics.flatMap((topic) => kafka.log(topic).flat());
  const letters = topics.flatMap((topic) => kafka.log(application.topics.deadLetter(topic)).flat());
  await application.stop();
  await watch.stop();
  const { calls, unharmed } = samples;
  return { outcomes, calls, unharmed, took, elapsed, originals, letters, numberOf };
}
