import type { KafkaDriver } from '../kafka/driver.js';
import { GROUP_CASES } from './driver-conformance-groups.js';
import { READING_CASES } from './driver-conformance-reading.js';
import { WRITING_CASES } from './driver-conformance-writing.js';

/** What a case needs from whoever runs it. */
export interface DriverConformanceContext {
  /** A driver that is not connected yet. The case closes it. */
  driver(): KafkaDriver;
  /** A name for topics and groups that nobody else uses. */
  unique(): string;
  /** The session timeout of these drivers in ms: cases that outlast it take longer than this. */
  readonly sessionTimeoutMs: number;
}

export interface DriverConformanceCase {
  /** A sentence about the driver. */
  readonly name: string;
  run(context: DriverConformanceContext): Promise<void>;
}

/** What every `KafkaDriver` owes. Run each case under the test framework of your choice. */
export const DRIVER_CONFORMANCE: readonly DriverConformanceCase[] = [...WRITING_CASES, ...READING_CASES, ...GROUP_CASES];
