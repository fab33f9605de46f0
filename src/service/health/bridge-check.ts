import type { KafkaEventBridge } from '../../bridge/kafka-event-bridge.js';
import { causeOf } from './cause-of.js';
import { green, red, type Check, type Finding } from './check.js';
import { readingTrouble } from './reading.js';
import { StandingOffsets } from './standing-offsets.js';
import type { LagReading } from '../lag-watch.js';

/** Listeners are to be quick; one that never ends is given up at the delivery deadline. */
const STALLED_AFTER_MS = 7_000;

const SLOW = 'see what the listeners of these events wait for, and bound that wait; what takes long belongs into a processor';

/** Whether listeners hear what others publish. */
export class BridgeCheck implements Check {
  readonly name = 'bridge';
  readonly #bridge: KafkaEventBridge;
  readonly #offsets: StandingOffsets;

  constructor(bridge: KafkaEventBridge, lag: () => LagReading | undefined) {
    this.#bridge = bridge;
    this.#offsets = new StandingOffsets(lag);
  }

  look(): Finding {
    const status = this.#bridge.status();
    if (status === undefined || status.state === 'idle') return green('no events come in: nobody listens to any from outside');
    const { state, error, partitions } = status;
    if (state === 'failed') {
      return red(
        `listeners do not hear what others publish: ${causeOf(error)}`,
        'mend what the error names; what may pass by itself is tried again, anything else needs a restart of the process then',
      );
    }
    if (state !== 'hearing') return green('it is joining its group');
    const trouble = readingTrouble({
      ...status,
      stalledAfterMs: STALLED_AFTER_MS,
      slowFix: SLOW,
      standing: this.#offsets.of(partitions),
    });
    if (trouble !== undefined) return trouble;
    return green(partitions.length === 0 ? 'other members of its group have all partitions' : `it reads ${partitions.length} partitions`);
  }
}
