/** What a row is about. `once`: how long repeats are recognised. `derived`: what handlers and listeners publish. */
export type PromiseKind = 'delivery' | 'order' | 'once' | 'derived' | 'durability' | 'loops';

/** One promise to one subject, as the configuration of the running service keeps it. */
export interface PromiseRow {
  /** `event NAME`, `processor NAME`, `listeners` or `bridge`. */
  readonly subject: string;
  readonly promise: PromiseKind;
  /** `weakened`: it holds but where `weakenedBy` says so. `no`: do not count on it. */
  readonly holds: 'yes' | 'weakened' | 'no';
  readonly says: string;
  /** What in the configuration weakens it, each with what that costs. */
  readonly weakenedBy: readonly string[];
  /** The tests of Busbar that show it, by file. */
  readonly shownBy: readonly string[];
}

type Row = Pick<PromiseRow, 'subject' | 'promise' | 'says' | 'shownBy'>;

/** Holds unless something weakens it. */
export function kept(row: Row, weakenedBy: readonly string[] = []): PromiseRow {
  return ordered(row, weakenedBy.length === 0 ? 'yes' : 'weakened', weakenedBy);
}

/** Does not hold, and why. */
export function broken(row: Row, ...weakenedBy: readonly string[]): PromiseRow {
  return ordered(row, 'no', weakenedBy);
}

/** In the order in which one reads it, since it is printed as JSON. */
function ordered({ subject, promise, says, shownBy }: Row, holds: PromiseRow['holds'], weakenedBy: readonly string[]): PromiseRow {
  return { subject, promise, holds, says, weakenedBy, shownBy };
}
