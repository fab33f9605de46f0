import { expect, it } from 'vitest';

import { PartitionClaim } from '../../src/kafka/kafkajs/consuming/claim.js';
import { Commits } from '../../src/kafka/kafkajs/consuming/commits.js';
import { Notices } from '../../src/telemetry/notices.js';
import { gate } from '../../src/testing/driver-conformance-stage.js';

it('a commit that fails after the end is not heard of again', async () => {
  const answered = gate();
  let requests = 0;
  const commit = async (): Promise<void> => {
    requests++;
    await answered.promise;
    throw new Error('no answer');
  };
  const commits = new Commits('g', { commitIntervalMs: 60_000, commitEvery: 60_000 }, commit, new Notices());
  const owner = { settled: (claim: PartitionClaim) => commits.settled(claim), alive: () => true, handle: () => Promise.resolve() };
  new PartitionClaim('t', 0, owner).settled(1);
  const failed = expect(commits.flush()).rejects.toThrow('no answer');
  commits.stop();
  answered.open();
  await failed;

  await commits.flush();
  expect(requests).toBe(1);
});
