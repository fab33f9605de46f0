import type { EventBus } from '../bus/event-bus.js';
import { PublishError } from '../bus/publish-error.js';

/**
 * Keeps the bus shut until the returned function is called: an event that is published before the service runs would
 * otherwise be heard here and reach nobody else. Its `publish` rejects, certainty `not-sent`.
 */
export function keepShut(bus: EventBus): () => void {
  return bus.connectOutlet((envelope) => {
    const message = `${envelope.name} cannot leave the process: the service does not run; publish once start() has resolved`;
    return Promise.reject(
      new PublishError('ILLEGAL_TRANSITION', message, { certainty: 'not-sent', envelope, heard: false, retriable: false }),
    );
  });
}
