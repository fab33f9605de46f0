import type { InRecord, OutHeaders, WireRecord } from '../record.js';
import { batchBytes } from './batch-bytes.js';

/** The records of one partition. */
export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  #records: InRecord[] = [];
  #sizes: number[] = [];
  #bytes = 0;
  #beginning: number;
  readonly #appended = new Set<() => void>();

  constructor(topic: string, partition: number, beginning: number) {
    this.topic = topic;
    this.partition = partition;
    this.#beginning = beginning;
  }

  /** First offset on the log. */
  get beginning(): number {
    return this.#beginning;
  }

  /** Offset of the next record to be written. */
  get end(): number {
    return this.#beginning + this.#records.length;
  }

  /** Everything that is there, in order. */
  get records(): readonly InRecord[] {
    return this.#records;
  }

  /** Returns the offset of the first one. */
  append(records: readonly WireRecord[]): number {
    const first = this.end;
    for (const record of records) {
      const size = batchBytes([record]);
      this.#records.push(this.#written(record));
      this.#sizes.push(size);
      this.#bytes += size;
    }
    for (const tell of this.#appended) tell();
    return first;
  }

  /** At most so many records from an offset on. */
  read(offset: number, count: number): InRecord[] {
    return this.#records.slice(Math.max(0, offset - this.#beginning), offset - this.#beginning + count);
  }

  /** About what the records take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Forgets everything below. */
  letGo(below: number): void {
    const count = below - this.#beginning;
    if (count <= 0) return;
    this.#records.splice(0, count);
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size;
    this.#beginning = below;
  }

  /** Resolves when something is appended, or at the signal. */
  whenAppended(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#appended.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#appended.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #written({ key, value, headers, timestamp }: WireRecord): InRecord {
    return { topic: this.topic, partition: this.partition, offset: this.end, timestamp, key, value, headers: asBytes(headers) };
  }
}

/** As they come from a broker. */
function asBytes(headers: OutHeaders): InRecord['headers'] {
  const bytes = (value: Buffer | string): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.map(bytes) : bytes(value)]));
}
