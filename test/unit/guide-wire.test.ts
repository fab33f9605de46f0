import { IsString } from 'class-validator';
import { expect, it } from 'vitest';

import { DomainEvent, type EventInit } from 'busbar';

import { JsonCodec } from '../../src/codec/json.js';
import { contractOf } from '../../src/event/contract-of.js';
import { createEnvelope } from '../../src/event/create-envelope.js';
import { toHeaders } from '../../src/kafka/wire/to-headers.js';

@DomainEvent({ name: 'evolution_triggered', topic: 'evolution-events', key: 'debateId' })
class EvolutionTriggered {
  @IsString() readonly debateId!: string;
  constructor(init: EventInit<EvolutionTriggered>) {
    Object.assign(this, init);
  }
}

it('writes an event that has a cause as the guide shows it', () => {
  const cause = createEnvelope(new EvolutionTriggered({ debateId: 'd-1' }), { id: 'decision-1' }, { source: '/debates' });
  const event = new EvolutionTriggered({ debateId: 'd-1' });
  const envelope = createEnvelope(event, { id: 'e-1', occurredAt: new Date('2026-11-21T10:00:00Z') }, { source: '/debates', cause });
  const codec = new JsonCodec();
  const value = codec.encode(contractOf(EvolutionTriggered), contractOf(EvolutionTriggered).toData(event));
  expect({ key: envelope.key, headers: toHeaders(envelope, codec.contentType), value: value.toString() }).toEqual(
    // #region record
    {
      key: 'd-1',
      headers: {
        ce_specversion: '1.0',
        ce_id: 'e-1',
        ce_type: 'evolution_triggered',
        ce_source: '/debates',
        ce_time: '2026-11-21T10:00:00.000Z',
        'content-type': 'application/json',
        ce_subject: 'd-1',
        ce_correlationid: 'decision-1',
        ce_causationid: 'decision-1',
      },
      value: '{"debateId":"d-1"}',
    },
    // #endregion
  );
});
