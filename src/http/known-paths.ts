/** Which paths there are and which methods they take: for whoever asks for something else. */
export class KnownPaths {
  readonly #methods = new Map<string, string[]>();

  /** `path` may have parts that begin with a colon: they stand for anything. */
  add(path: string, method: string): void {
    this.#methods.set(path, [...(this.#methods.get(path) ?? []), method]);
  }

  /** The methods of a path; undefined when there is no such path. */
  methodsOf(url: string): readonly string[] | undefined {
    const asked = partsOf(url.replace(/[?#].*$/, ''));
    for (const [path, methods] of this.#methods) if (matches(partsOf(path), asked)) return methods;
    return undefined;
  }

  /** Every path with its methods, e.g. `GET /stats`. */
  toString(): string {
    const paths = Array.from(this.#methods, ([path, methods]) => {
      const shown = methods.filter((method) => method !== 'HEAD').join('|');
      return `${shown} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
    });
    return paths.join(', ');
  }
}

function partsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/');
}

function matches(pattern: readonly string[], asked: readonly string[]): boolean {
  return pattern.length === asked.length && pattern.every((part, index) => part.startsWith(':') || part === asked[index]);
}
