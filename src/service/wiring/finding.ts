import { BusbarError } from '../../errors.js';

/** Something about how an application is put together, found before anything connects. */
export interface WiringFinding {
  /** An `error` refuses the start; a `warning` is a notice `WIRING_WARNING`. */
  readonly level: 'error' | 'warning';
  /** The class, method or option that is concerned. */
  readonly where: string;
  /** What is wrong with it; `where` and this are one sentence. */
  readonly what: string;
  readonly fix: string;
}

/** `WIRING_INVALID`: everything that is put together wrongly, at once. */
export class WiringError extends BusbarError {
  override readonly name = 'WiringError';
  /** The errors, in the order of the message. */
  readonly findings: readonly WiringFinding[];

  constructor(findings: readonly WiringFinding[]) {
    const count = findings.length === 1 ? 'one thing is' : `${findings.length} things are`;
    const list = findings.map((finding, index) => `\n${String(index + 1).padStart(3)}. ${textOf(finding, 5)}`).join('');
    super('WIRING_INVALID', `${count} wrong with how the application is put together; nothing was connected${list}`);
    this.findings = Object.freeze([...findings]);
  }
}

/** Two lines: what is wrong, and the fix, which is indented by `indent` spaces. */
export function textOf({ where, what, fix }: WiringFinding, indent: number): string {
  const [first, ...rest] = [...`${where} ${what}`.split('\n'), ...`fix: ${fix}`.split('\n')];
  return [first, ...rest.map((line) => ' '.repeat(indent) + line)].join('\n');
}

/** Throws a `WiringError` with all the errors among them, when there are any. */
export function refuse(findings: readonly WiringFinding[]): void {
  const errors = findings.filter(({ level }) => level === 'error');
  if (errors.length > 0) throw new WiringError(errors);
}
