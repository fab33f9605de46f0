import { expect, it } from 'vitest';

import { PartitionClaim } from '../../src/kafka/kafkajs/consuming/claim.js';

it('a claim on a log that is another one passes over nothing that was to be passed over on the one before', () => {
  const claim = new PartitionClaim('t', 0, { settled: () => undefined, alive: () => true, handle: () => Promise.resolve() });
  claim.from = 0;
  claim.passed = 20;
  claim.passOver(10, 20);
  claim.forget();
  claim.settled(10);
  expect(claim).toMatchObject({ from: undefined, passed: undefined, next: 10 });
});
