import { insteadOf } from '../config/nearest.js';
import { BusbarError } from '../errors.js';
import type { EventClass } from '../event/contract.js';
import type { From } from '../inbound/start-offset.js';
import type { ErrorPolicy } from '../policy/policy.js';
import type { Processor, ProcessorClass } from './processor.js';

export interface ProcessorSettings {
  /** Names the consumer group: `<group or service>.<name>`. 1 to 100 lower-case letters, digits, `-` and `_`, beginning with a letter. */
  readonly name: string;
  /** Where to begin on topics that the group has never read. Default: `KAFKA_AUTO_OFFSET_RESET`. */
  readonly from?: From | undefined;
  /** Events of one partition handled at the same time, each of another key. Default 1: strictly in log order. */
  readonly concurrency?: number | undefined;
  /** The events that its handlers publish; any other is `UNDECLARED_OUTPUT`. Default: none. */
  readonly publishes?: readonly EventClass[] | undefined;
  /** The first line that applies to an error decides. Default: `retry({ attempts: 3, otherwise: deadLetter() })`. */
  readonly onError?: readonly ErrorPolicy[] | undefined;
  /** How long one attempt may take, in ms. Default: 60,000. */
  readonly handlerTimeoutMs?: number | undefined;
  /**
   * How long nothing may be settled of a partition whose records wait before health is red, in ms. Raise it above what
   * a handler takes together with its retries. Default: 8,000.
   */
  readonly stalledAfterMs?: number | undefined;
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
const NAME = /^[a-z][a-z0-9_-]{0,99}$/;

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
  const { name, from, concurrency = 1, handlerTimeoutMs = 1, stalledAfterMs = 1, onError } = options;
  const problems = Object.keys(options)
    .filter((option) => !OPTIONS.includes(option))
    .map((option) => `${option} is no option: ${insteadOf(option, OPTIONS)}`);
  if (!NAME.test(name)) {
    problems.push(`name ${JSON.stringify(name)} must be 1 to 100 lower-case letters, digits, "-" and "_", beginning with a letter`);
  }
  if (onError !== undefined && !Array.isArray(onError)) problems.push('onError must be a list of policies, e.g. [retry({ attempts: 3 })]');
  if (from !== undefined && from !== 'earliest' && from !== 'latest')
    problems.push(`from must be 'earliest' or 'latest', not ${JSON.stringify(from)}`);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 10_000) {
    problems.push(`concurrency must be an integer from 1 to 10,000, not ${concurrency}`);
  }
  if (!(handlerTimeoutMs > 0 && handlerTimeoutMs < 2 ** 31))
    problems.push(`handlerTimeoutMs must be a positive number of ms, not ${handlerTimeoutMs}`);
  if (!(stalledAfterMs > 0)) problems.push(`stalledAfterMs must be a positive number of ms, not ${stalledAfterMs}`);
  return problems;
}
