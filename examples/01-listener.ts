// An event, a listener and the bus of one process: no Kafka, nothing to start.
//
//   npm run build && node dist/examples/01-listener.js

import { BusbarError, DomainEvent, EventBus, Notices, type EventInit } from 'busbar';
import { IsIn, IsString } from 'class-validator';

// #region event
@DomainEvent({ name: 'decision_made', topic: 'decision-events', key: 'debateId' })
class DecisionMade {
  @IsString() readonly debateId!: string;
  @IsIn(['accepted', 'rejected']) readonly outcome!: 'accepted' | 'rejected';

  constructor(init: EventInit<DecisionMade>) {
    Object.assign(this, init);
  }
}
// #endregion

const notices = new Notices();
notices.onNotice(({ level, code, message }) => console.log(`notice: ${level} ${code}, ${message}`));

// #region subscribe
const bus = new EventBus({ source: '/example', notices });

const unsubscribe = bus.subscribe(DecisionMade, ({ debateId, outcome }, { metadata }) => {
  console.log(`heard: ${metadata.name}, ${debateId} was ${outcome}`);
});
// #endregion
// #region publish
const receipt = await bus.publish(new DecisionMade({ debateId: 'd-1', outcome: 'accepted' }));
console.log(`published: safe in ${receipt.where}, key ${receipt.envelope.key}, ${receipt.listenerErrors.length} listener errors`);
// #endregion

// #region failing
bus.once(DecisionMade, function mail() {
  throw new Error('the mail server is down');
});
const second = await bus.publish(new DecisionMade({ debateId: 'd-2', outcome: 'rejected' }), { id: 'decision-2' });
for (const { code, listener, cause } of second.listenerErrors) console.log(`receipt: ${code}, ${listener}: ${String(cause)}`);
// #endregion

// #region refused
try {
  await bus.publish(new DecisionMade({ debateId: 'd-3', outcome: 'perhaps' as 'accepted' }));
} catch (error) {
  if (!(error instanceof BusbarError)) throw error;
  console.log(`refused: ${error.message}`);
}
// #endregion

unsubscribe();
console.log(
  `history: ${bus
    .history(100)
    .map(({ key }) => key)
    .join(', ')}`,
);
