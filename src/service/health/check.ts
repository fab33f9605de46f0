/** What a check has found, now. */
export interface Finding {
  readonly status: 'green' | 'red';
  readonly message: string;
  readonly fix?: string | undefined;
  /** Nothing but a restart of the process helps. */
  readonly fatal?: boolean | undefined;
}

export interface Check {
  readonly name: string;
  /** Asks somebody else first, for a few seconds at most. Whatever becomes of it, `look` says what that means. */
  ask?(): Promise<void>;
  /** What is so at this moment. */
  look(): Finding;
}

export function green(message: string): Finding {
  return { status: 'green', message };
}

export function red(message: string, fix: string): Finding {
  return { status: 'red', message, fix };
}

/** Red, and only a new process will be green. */
export function fatal(message: string, fix: string): Finding {
  return { status: 'red', message, fix, fatal: true };
}

/** A time in words that do not change too often. */
export function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1_000))} s`;
}
