/** Decides how a story goes on. */
export interface Choices {
  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  /** Whether something happens that happens with this probability. */
  chance(probability: number): boolean;
  oneOf<T>(choices: readonly [T, ...T[]]): T;
}

/** Whatever may happen happens, and as soon as it can. */
export const EVERYTHING: Choices = {
  integer: (least) => least,
  chance: () => true,
  oneOf: ([first]) => first,
};

/** Looks like chance and is the same for the same seed, everywhere and always. */
export class SeededChoices implements Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  integer(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  oneOf<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.integer(0, choices.length - 1)] as T;
  }

  /** From 0 to 1, without 1: a linear congruential generator (Numerical Recipes), its poor low bits mixed away. */
  #next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x7feb352d);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }
}
