import { EVERYTHING, SeededChoices, type Choices } from './choices.js';
import type { Line } from './lines.js';
import { storyOf, type Step } from './story.js';

/** Another one makes another scenario, and other figures. */
const SEED = 20_250_106;
const BEGINNING = Date.UTC(2025, 0, 6, 9);
const MINUTE_MS = 60 * 1000;
/** Debates that go on at the same time. */
const AT_ONCE = 20;

/** A debate under way: what happens next in it, and when, in ms since 1970. */
interface Debate {
  readonly at: number;
  readonly step: Step;
  readonly rest: Iterator<Step, undefined>;
}

/**
 * The bundled scenario: `events` lines in the order of their time, always the same ones. In the first debate everything
 * happens, so that fifteen lines have every event; then many go on at once, as in life.
 */
export function* scenario(events: number): Generator<Line> {
  let number = 0;
  for (const debate of happenings()) {
    if (number === events) return;
    yield lineOf(++number, debate);
  }
}

/** Ends never: there is always something to debate. */
function* happenings(): Generator<Debate, never> {
  let debates = 0;
  let now = BEGINNING;
  const begin = (choices: Choices): Debate => continued(now, storyOf(debateIdOf(++debates), choices), choices) as Debate;

  for (let first: Debate | undefined = begin(EVERYTHING); first !== undefined; first = continued(now, first.rest, EVERYTHING)) {
    yield first;
    now = first.at;
  }
  const choices = new SeededChoices(SEED);
  const open = Array.from({ length: AT_ONCE }, () => begin(choices));
  for (;;) {
    const index = earliestOf(open);
    const debate = open[index] as Debate;
    yield debate;
    now = debate.at;
    open[index] = continued(now, debate.rest, choices) ?? begin(choices);
  }
}

/** Undefined when the story has been told. */
function continued(now: number, rest: Iterator<Step, undefined>, choices: Choices): Debate | undefined {
  const { value, done } = rest.next();
  return done ? undefined : { at: now + choices.integer(1, value.hours * 60) * MINUTE_MS, step: value, rest };
}

function earliestOf(debates: readonly Debate[]): number {
  let earliest = 0;
  debates.forEach(({ at }, index) => {
    if (at < (debates[earliest] as Debate).at) earliest = index;
  });
  return earliest;
}

function lineOf(number: number, { at, step: { name, subject, data } }: Debate): Line {
  const event = {
    specversion: '1.0',
    id: `scenario-${number}`,
    source: '/scenario',
    type: name,
    subject,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
  return { number, text: JSON.stringify(event) };
}

function debateIdOf(number: number): string {
  return `debate-${String(number).padStart(4, '0')}`;
}
