import type { TopicPartition } from '../inbound/inbound.js';
import type { MaybePromise } from '../maybe-promise.js';

/**
 * Base of every processor: a class that answers for each event of its kinds, in key order, across crashes. Its methods
 * marked `@Handles` are called with one event at a time per key; `@ProcessorOptions` says the rest. A processor is a
 * singleton of the container; state worth keeping lives in the store.
 */
export abstract class Processor {
  /** Before the first event. A rejection keeps the service from starting: `HANDLER_FAILED`, or the code of the error. */
  onStart?(): MaybePromise<void>;
  /** After the last event of this process, when everything is settled or abandoned. */
  onStop?(): MaybePromise<void>;
  /** These partitions are read here from now on. Not awaited; a failure is a notice. */
  onPartitionsAssigned?(partitions: readonly TopicPartition[]): MaybePromise<void>;
  /** These partitions were taken away; awaited before another member may read them. */
  onPartitionsRevoked?(partitions: readonly TopicPartition[]): MaybePromise<void>;
}

/** The class of a processor. */
export type ProcessorClass<P extends Processor = Processor> = new (...args: never[]) => P;
