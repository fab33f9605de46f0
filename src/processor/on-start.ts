import { BusbarError } from '../errors.js';
import type { Processor } from './processor.js';

/** Runs `onStart`, where there is one. Rejects with an error that names the processor and has the code of its own error, or `HANDLER_FAILED`. */
export async function runOnStart(name: string, processor: Processor): Promise<void> {
  try {
    await processor.onStart?.();
  } catch (cause) {
    const { code, retriable } = cause instanceof BusbarError ? cause : { code: 'HANDLER_FAILED' as const, retriable: false };
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BusbarError(code, `onStart of processor ${name} (${processor.constructor.name}) failed: ${why}`, { cause, retriable });
  }
}
