import { insteadOf } from '../config/nearest.js';
import { BusbarError } from '../errors.js';
import type { EventClass } from '../event/contract.js';
import { groupNameProblems, readingProblems, type ReadingSettings } from '../inbound/reading-settings.js';
import type { Processor, ProcessorClass } from './processor.js';

export interface ProcessorSettings extends ReadingSettings {
  /** Names the consumer group: `<group or service>.<name>`. 1 to 100 lower-case letters, digits, `-` and `_`, beginning with a letter. */
  readonly name: string;
  /** The events that its handlers publish; any other is `UNDECLARED_OUTPUT`. Default: none. */
  readonly publishes?: readonly EventClass[] | undefined;
}

const settings = new WeakMap<object, ProcessorSettings>();

const OPTIONS: readonly string[] = [
  'name',
  'from',
  'concurrency',
  'publishes',
  'onError',
  'handlerTimeoutMs',
  'stalledAfterMs',
] satisfies (keyof ProcessorSettings)[];

/** Says how a processor is run. Throws `WIRING_INVALID` for settings that make no sense. */
export function ProcessorOptions(options: ProcessorSettings): (processorClass: ProcessorClass) => void {
  const problems = problemsOf(options);
  return (processorClass) => {
    if (problems.length > 0) throw new BusbarError('WIRING_INVALID', `@ProcessorOptions of ${processorClass.name}: ${problems.join('; ')}`);
    settings.set(processorClass, options);
  };
}

/** The settings of a class, its own or inherited; undefined without `@ProcessorOptions`. */
export function settingsOf(processorClass: abstract new (...args: never[]) => Processor): ProcessorSettings | undefined {
  for (let at: object | null = processorClass; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = settings.get(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function problemsOf(options: ProcessorSettings): string[] {
  const unknown = Object.keys(options)
    .filter((option) => !OPTIONS.includes(option))
    .map((option) => `${option} is no option: ${insteadOf(option, OPTIONS)}`);
  return [...unknown, ...groupNameProblems('name', options.name), ...readingProblems(options)];
}
