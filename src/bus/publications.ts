/** Promises under way, each of which its own caller hears of; somebody waits for the end of all. */
export class Publications {
  readonly #underWay = new Set<Promise<unknown>>();

  follow<T>(publication: Promise<T>): Promise<T> {
    this.#underWay.add(publication);
    const forget = (): void => void this.#underWay.delete(publication);
    publication.then(forget, forget);
    return publication;
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  /** Resolves when none is under way, those that begin meanwhile included, however they ended. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}
