/** One thing that has to work. */
export interface HealthCheck {
  /** `service`, `broker`, `producer`, `store`, `bridge`, `processor <name>` or `consumer <group>`. */
  readonly name: string;
  readonly status: 'green' | 'red';
  /** Since when it has this status, as far as it was looked at. */
  readonly since: Date;
  /** What was found, in one sentence. */
  readonly message: string;
  /** What to do; only when it is red. */
  readonly fix?: string | undefined;
}

/** How a service is. Plain data for `JSON.stringify`, without secrets and event data. */
export interface Health {
  /** Red when any check is. */
  readonly status: 'green' | 'red';
  /** False when nothing but a restart of the process helps. */
  readonly live: boolean;
  /** Whether the service runs and every check is green. */
  readonly ready: boolean;
  readonly checks: readonly HealthCheck[];
}
