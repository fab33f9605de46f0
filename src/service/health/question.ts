import { settlesBefore } from '../deadline.js';

/** How long an answer may take. */
const PATIENCE_MS = 3_000;

export type Answer =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly error: unknown }
  | { readonly kind: 'late'; readonly ms: number };

/**
 * A question to somebody who may never answer. It is asked once at a time: while an answer is outstanding, asking again
 * waits for that one, and its time counts from when it was asked.
 */
export class Question {
  readonly #put: () => Promise<unknown>;
  #outstanding: { readonly since: number; readonly answer: Promise<Answer> } | undefined;

  constructor(put: () => Promise<unknown>) {
    this.#put = put;
  }

  /** Takes three seconds at most and rejects nothing. */
  async ask(): Promise<Answer> {
    const { since, answer } = (this.#outstanding ??= { since: Date.now(), answer: this.#answer() });
    if (await settlesBefore(answer, since + PATIENCE_MS)) return answer;
    return { kind: 'late', ms: Date.now() - since };
  }

  async #answer(): Promise<Answer> {
    try {
      await this.#put();
      return { kind: 'yes' };
    } catch (error) {
      return { kind: 'no', error };
    } finally {
      this.#outstanding = undefined;
    }
  }
}
