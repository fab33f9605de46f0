import type { Store } from '../../store/store.js';
import { causeOf } from './cause-of.js';
import { green, red, seconds, type Check, type Finding } from './check.js';
import { Question, type Answer } from './question.js';

/** For so long after a lost transaction the store is red: it is tried again every few seconds, and may be lost again. */
const LOST_MS = 10_000;

const FIX = 'find who holds the lock of the database or fills its disk; what waits is written once it can be';

/** Whether the store takes writes: one that does nothing stands in line with those of the processors. */
export class StoreCheck implements Check {
  readonly name = 'store';
  readonly #store: Store;
  readonly #question: Question;
  #answer: Answer = { kind: 'yes' };
  #lost: number;
  #lostAt = Number.NEGATIVE_INFINITY;

  constructor(store: Store) {
    this.#store = store;
    this.#question = new Question(() => store.transaction(() => undefined));
    this.#lost = store.lostGroups;
  }

  async ask(): Promise<void> {
    this.#answer = await this.#question.ask();
  }

  look(): Finding {
    const answer = this.#answer;
    if (answer.kind === 'late') return red(`a write has waited for ${seconds(answer.ms)}`, FIX);
    if (answer.kind === 'no') return red(causeOf(answer.error), FIX);
    const { lostGroups } = this.#store;
    if (lostGroups !== this.#lost) this.#lostAt = Date.now();
    this.#lost = lostGroups;
    if (Date.now() - this.#lostAt < LOST_MS) return red('a transaction could not begin or commit; a notice STORE_FAILED says why', FIX);
    return green('it takes writes');
  }
}
