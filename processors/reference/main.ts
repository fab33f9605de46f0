import 'reflect-metadata';

import { constants } from 'node:os';

import { BusbarError } from 'busbar';

import { parseOptions, USAGE, UsageError } from './options.js';
import { run } from './run.js';

process.exitCode = await main();

/** Returns the exit code: 0, 3 when a line was rejected, 1 on failure. */
async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (!options.help) return await run(options, stopOnSignals());
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return 1;
  }
}

/** The first Ctrl-C or SIGTERM asks for an orderly end; a second one does not wait for it. */
function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
      process.stderr.write('\nStopping: what is under way is finished; once more ends at once.\n');
      stop.abort();
    });
  }
  return stop;
}

/** What is wrong with the call or the surroundings is told in a sentence; anything else needs its stack. */
function explain(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${USAGE}`;
  if (error instanceof BusbarError || isSystemError(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
