import { BusbarError, type EventBus, type EventRegistry } from 'busbar';

import { LineRejected, readCloudEvent } from './cloud-event.js';
import type { Line } from './lines.js';

export interface InputCounts {
  readonly lines: number;
  /** Events that the log has. */
  readonly published: number;
  readonly rejected: number;
}

/** Enough to keep every partition busy; what it costs in memory is small beside the queue of the publisher. */
export const MAX_IN_FLIGHT = 2000;

/** Publishes lines, many at a time and in their order. */
export class Feeder {
  readonly #bus: EventBus;
  readonly #registry: EventRegistry;
  readonly #reject: (line: number, reason: string) => void;
  readonly #counts = { lines: 0, published: 0, rejected: 0 };
  #inFlight = 0;
  #failure: { readonly error: unknown } | undefined;
  #landed: (() => void) | undefined;

  /** `reject` is told of every line that cannot be published. */
  constructor(bus: EventBus, registry: EventRegistry, reject: (line: number, reason: string) => void) {
    this.#bus = bus;
    this.#registry = registry;
    this.#reject = reject;
  }

  get counts(): InputCounts {
    return { ...this.#counts };
  }

  /**
   * Resolves when every line was published or rejected, or, after `signal`, when what was under way has landed.
   * Rejects when the input cannot be read, or an event is not known to be on the log.
   */
  async feed(lines: AsyncIterable<Line> | Iterable<Line>, signal: AbortSignal): Promise<void> {
    try {
      for await (const line of lines) {
        if (signal.aborted || this.#failure !== undefined) break;
        this.#counts.lines++;
        this.#publish(line);
        if (this.#inFlight >= MAX_IN_FLIGHT) await this.#landing();
      }
    } catch (error) {
      // What is waiting for more input is woken by the signal, with an error.
      if (!signal.aborted) this.#failure ??= { error };
    }
    while (this.#inFlight > 0) await this.#landing();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Called line by line without waiting in between: the calls give the events their order. */
  #publish({ number, text, reason = 'cannot be read' }: Line): void {
    try {
      if (text === undefined) throw new LineRejected(reason);
      const { event, options } = readCloudEvent(text, this.#registry);
      this.#inFlight++;
      this.#bus.publish(event, options).then(
        () => this.#land(() => this.#counts.published++),
        (error: unknown) => this.#land(() => this.#refused(number, error)),
      );
    } catch (error) {
      this.#refused(number, error);
    }
  }

  #refused(line: number, error: unknown): void {
    if (!isAboutTheLine(error)) {
      this.#failure ??= { error };
      return;
    }
    this.#counts.rejected++;
    this.#reject(line, error.message);
  }

  #land(count: () => void): void {
    this.#inFlight--;
    count();
    this.#landed?.();
  }

  #landing(): Promise<void> {
    return new Promise((resolve) => (this.#landed = resolve));
  }
}

/** As opposed to an event that may be published as it is, when Kafka is well. */
function isAboutTheLine(error: unknown): error is Error {
  return (
    error instanceof LineRejected || (error instanceof BusbarError && ['EVENT_INVALID', 'TOO_LARGE', 'KEY_MISSING'].includes(error.code))
  );
}
