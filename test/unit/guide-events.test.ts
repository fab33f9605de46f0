import { IsIn, IsInt, IsString } from 'class-validator';
import { expect, it, vi } from 'vitest';

import { contractOf, DomainEvent, EventBus, EventInvalidError, Notices, type EventInit } from 'busbar';

it('names every violation by path and rule, and no value', async () => {
  @DomainEvent({ name: 'round_completed', topic: 'debate-events', key: 'debateId' })
  class RoundCompleted {
    @IsString() readonly debateId!: string;
    @IsInt() readonly round!: number;
    constructor(init: EventInit<RoundCompleted>) {
      Object.assign(this, init);
    }
  }
  const bus = new EventBus({ source: '/guide', notices: new Notices() });
  const told = vi.fn<(path: string, rule: string) => void>();
  // #region violations
  try {
    await bus.publish(new RoundCompleted({ debateId: 'd-1', round: 1.5 }));
  } catch (error) {
    if (!(error instanceof EventInvalidError)) throw error;
    for (const { path, rule } of error.violations) told(path, rule);
  }
  // #endregion
  expect(told.mock.calls).toEqual([['round', 'isInt']]);
});

it('reads an older version through upcast, and validates the result', () => {
  // #region upcast
  @DomainEvent({
    name: 'decision_made',
    version: 2,
    topic: 'decision-events',
    key: 'debateId',
    // Version 1 had `accepted: boolean`.
    upcast: ({ accepted, ...rest }) => ({ ...rest, outcome: accepted === true ? 'accepted' : 'rejected' }),
  })
  class DecisionMade {
    @IsString() readonly debateId!: string;
    @IsIn(['accepted', 'rejected', 'deferred']) readonly outcome!: string;

    constructor(init: EventInit<DecisionMade>) {
      Object.assign(this, init);
    }
  }
  // #endregion
  const event = contractOf(DecisionMade).fromData({ debateId: 'd-1', accepted: true }, 1);
  expect(event).toEqual(new DecisionMade({ debateId: 'd-1', outcome: 'accepted' }));
  expect(() => contractOf(DecisionMade).fromData({ accepted: true }, 1)).toThrow('EVENT_INVALID');
});
