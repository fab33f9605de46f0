import { setMaxListeners } from 'node:events';

import { KeyedChain } from './keyed-chain.js';
import type { Scope } from './scope.js';

/** The scope of the deliveries of a line, until it has to begin again; and the means to close and to end it. */
export interface LineRun extends Scope {
  readonly close: AbortController;
  readonly end: AbortController;
}

export function newLineRun(): LineRun {
  const close = new AbortController();
  const end = new AbortController();
  setMaxListeners(0, close.signal, end.signal); // one per running handler: `concurrency` bounds them
  return { close, end, closing: close.signal, over: end.signal, chain: new KeyedChain() };
}
