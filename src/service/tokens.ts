/**
 * What `kafkaModule` binds, for `@inject(TOKENS.Clock)`. Symbols of the global registry: two copies of this package in
 * one process mean the same thing.
 */
export const TOKENS = {
  /** `KafkaConfig` */
  Config: Symbol.for('busbar.Config'),
  /** `Clock` */
  Clock: Symbol.for('busbar.Clock'),
  /** `EventBus`, which is bound by its class too. */
  EventBus: Symbol.for('busbar.EventBus'),
  /** `Store`; only bound when the module was given one. */
  Store: Symbol.for('busbar.Store'),
  /** `Notices` */
  Notices: Symbol.for('busbar.Notices'),
} as const;
