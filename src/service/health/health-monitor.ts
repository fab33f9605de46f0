import type { Notices } from '../../telemetry/notices.js';
import { causeOf } from './cause-of.js';
import { red, type Check, type Finding } from './check.js';
import type { HealthCheck } from './health.js';

/** Between two rounds; what is asked in a round is cheap. */
const EVERY_MS = 1_000;

/** What a round has found. */
export interface Round {
  readonly checks: readonly HealthCheck[];
  /** Nothing but a restart of the process helps. */
  readonly fatal: boolean;
}

/** Looks again and again while a service runs, remembers since when each check is as it is, and tells of every change. */
export class HealthMonitor {
  readonly #checks: () => readonly Check[];
  readonly #notices: Notices;
  #known: ReadonlyMap<string, HealthCheck> = new Map();
  #round: Promise<Round> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #watching = false;

  /** `checks` is asked in every round: processors may come later. */
  constructor(checks: () => readonly Check[], notices: Notices) {
    this.#checks = checks;
    this.#notices = notices;
  }

  /** Looks until the returned function is called; the process may end meanwhile. */
  watch(): () => void {
    this.#watching = true;
    void this.#lookOn();
    return () => {
      this.#watching = false;
      clearTimeout(this.#timer);
    };
  }

  /**
   * Looks at everything; whoever asks meanwhile gets the same answer, since what is found is looked at last. Takes a few
   * seconds at most and rejects nothing.
   */
  round(): Promise<Round> {
    return (this.#round ??= this.#look().finally(() => (this.#round = undefined)));
  }

  async #lookOn(): Promise<void> {
    await this.round();
    if (!this.#watching) return;
    this.#timer = setTimeout(() => void this.#lookOn(), EVERY_MS);
    this.#timer.unref();
  }

  async #look(): Promise<Round> {
    const checks = this.#checks();
    await Promise.all(checks.map(async (check) => check.ask?.()));
    const found = checks.map((check) => ({ name: check.name, finding: findingOf(check) }));
    const remembered = found.map(({ name, finding }) => this.#remembered(name, finding));
    this.#known = new Map(remembered.map((check) => [check.name, check]));
    return { checks: remembered, fatal: found.some(({ finding }) => finding.fatal === true) };
  }

  #remembered(name: string, { status, message, fix }: Finding): HealthCheck {
    const before = this.#known.get(name);
    if (before?.status === status) return { name, status, since: before.since, message, fix };
    const check: HealthCheck = { name, status, since: new Date(), message, fix };
    if (before !== undefined || status === 'red') this.#tell(check);
    return check;
  }

  /** Not once the service is being stopped: what is found then says nothing. */
  #tell({ name, status, message, fix }: HealthCheck): void {
    if (!this.#watching) return;
    const level = status === 'red' ? 'error' : 'info';
    const text = `${name} is ${status}: ${message}${fix === undefined ? '' : `. What to do: ${fix}`}`;
    this.#notices.raise({ level, code: 'HEALTH_CHANGED', message: text, details: { check: name, status } });
  }
}

function findingOf(check: Check): Finding {
  try {
    return check.look();
  } catch (error) {
    return red(`it could not be looked at: ${causeOf(error)}`, 'restart the process if it stays so, and tell the maintainers');
  }
}
