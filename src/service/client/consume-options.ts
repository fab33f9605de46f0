import { insteadOf } from '../../config/nearest.js';
import { BusbarError } from '../../errors.js';
import { groupNameProblems, readingProblems, type ReadingSettings } from '../../inbound/reading-settings.js';

/** What a consumer reads and how. */
export interface MessageConsumerOptions extends ReadingSettings {
  /** Names the consumer group: `<group or service>.<group>`. 1 to 100 lower-case letters, digits, `-` and `_`, beginning with a letter. */
  readonly group: string;
  /** Without the prefix; at least one. */
  readonly topics: readonly string[];
}

const OPTIONS: readonly string[] = [
  'group',
  'topics',
  'from',
  'concurrency',
  'onError',
  'handlerTimeoutMs',
  'stalledAfterMs',
] satisfies (keyof MessageConsumerOptions)[];

/** Throws `ARGUMENT_INVALID` with everything that makes no sense. */
export function checkConsumeOptions(options: MessageConsumerOptions, handler: unknown): void {
  const problems = typeof options === 'object' && options !== null ? problemsOf(options) : ['options must name a `group` and `topics`'];
  if (typeof handler !== 'function') problems.push('the second argument must be the handler, a function of the message');
  if (problems.length > 0) throw new BusbarError('ARGUMENT_INVALID', `nothing is consumed: ${problems.join('; ')}`);
}

function problemsOf(options: MessageConsumerOptions): string[] {
  const { group, topics } = options;
  const unknown = Object.keys(options)
    .filter((option) => !OPTIONS.includes(option))
    .map((option) => `${option} is no option: ${insteadOf(option, OPTIONS)}`);
  const named = Array.isArray(topics) && topics.length > 0 && topics.every((topic) => typeof topic === 'string');
  return [
    ...unknown,
    ...groupNameProblems('group', group),
    ...(named ? [] : ['topics must be a list of names, at least one']),
    ...readingProblems(options),
  ];
}
