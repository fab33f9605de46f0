import type { Envelope, EventMetadata } from '../event/envelope.js';
import type { PublishOptions } from '../event/contract.js';
import type { MaybePromise, SqlTransaction } from '../store/store.js';

/** Speaks to whoever listens to notices, with the event's name and id attached. */
export interface ContextLog {
  info(message: string, error?: unknown): void;
  warn(message: string, error?: unknown): void;
  error(message: string, error?: unknown): void;
}

/** What a listener or handler is told beside the event, and what it may do. */
export interface EventContext {
  readonly metadata: EventMetadata;
  /** 1 for the first attempt at this delivery. Always 1 in a listener. */
  readonly attempt: number;
  /** Aborted when the result is no longer wanted: the handler timed out, or the partition was taken away. */
  readonly signal: AbortSignal;
  /**
   * In a processor: stages the event, which leaves once this record is settled; throws for an invalid or too large
   * event, `UNDECLARED_OUTPUT` for one that the processor does not name in `publishes`, and `ATTEMPT_OVER` afterwards. In a listener: sends it at once; the listener has ended when it is safe, and
   * its failure is the listener's failure. The envelope is what will be sent.
   */
  publish<E extends object>(event: E, options?: PublishOptions): Envelope<E>;
  /**
   * Registers work for the transaction that also holds the inbox row and the staged events; works run in the order of
   * registration after the handler has resolved. Throws `NOT_IN_PROCESSOR` in a listener, `STORE_MISSING`, `ATTEMPT_OVER`.
   */
  transaction(work: (tx: SqlTransaction) => MaybePromise<void>): void;
  /** Resolves a service of the application's container. */
  get<T>(token: unknown): T;
  readonly log: ContextLog;
}

/** A function that hears events of one class. */
export type Handler<E> = (event: E, ctx: EventContext) => void | Promise<void>;

/** Looks a service up in the application's container. */
export type Resolve = <T>(token: unknown) => T;
