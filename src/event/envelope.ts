/** What the envelope says about an event, without the event itself. */
export interface EventMetadata {
  /** Unique within `source`: publishing again with the same id is harmless. */
  readonly id: string;
  /** The wire name, e.g. `decision_made`. */
  readonly name: string;
  readonly version: number;
  /** Who published it: `/` + service name, or what a foreign producer wrote. */
  readonly source: string;
  /** When it happened in the domain (not when it was published). Milliseconds are kept. */
  readonly occurredAt: Date;
  /** Events with the same key stay in order. */
  readonly key: string | undefined;
  /** The id of the event that began the conversation; its own id when it begins one. */
  readonly correlationId: string;
  /** The id of the event that caused this one. */
  readonly causationId: string | undefined;
  /** W3C Trace Context. */
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** Names of the services it was mirrored through, oldest first. */
  readonly path: readonly string[];
}

/** An event and its metadata. */
export interface Envelope<E extends object = object> extends EventMetadata {
  readonly event: E;
}

/** Every property by its name, since this is done for each event that is read: a spread takes several times as long. */
export function envelopeOf<E extends object>(event: E, metadata: EventMetadata): Envelope<E> {
  return {
    event,
    id: metadata.id,
    name: metadata.name,
    version: metadata.version,
    source: metadata.source,
    occurredAt: metadata.occurredAt,
    key: metadata.key,
    correlationId: metadata.correlationId,
    causationId: metadata.causationId,
    traceparent: metadata.traceparent,
    tracestate: metadata.tracestate,
    path: metadata.path,
  };
}
