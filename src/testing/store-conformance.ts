import { INBOX_CASES } from './store-conformance-inbox.js';
import type { StoreConformanceCase } from './store-conformance-stage.js';
import { WORK_CASES } from './store-conformance-works.js';

export type { StoreConformanceCase, StoreConformanceContext } from './store-conformance-stage.js';

/** What every store promises, one sentence each. Run each case on a database of its own, with any test runner. */
export const STORE_CONFORMANCE: readonly StoreConformanceCase[] = [...INBOX_CASES, ...WORK_CASES];
