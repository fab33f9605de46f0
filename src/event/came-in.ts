const cameIn = new WeakSet<object>();

/** This instance was read from outside: whoever has it, it is not sent out again. */
export function markCameIn(event: object): void {
  cameIn.add(event);
}

export function hasComeIn(event: object): boolean {
  return cameIn.has(event);
}
