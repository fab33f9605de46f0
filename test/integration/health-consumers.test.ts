import { afterAll, describe, expect, it } from 'vitest';

import { startEmbeddedKafka } from 'busbar/embedded';

import { aloneBecomesRed, becomesWell, check, shop } from '../support/health.js';
import { stopApplications } from '../support/shop-application.js';

const faulty = startEmbeddedKafka();
afterAll(async () => {
  await stopApplications();
  await (await faulty).stop();
});

describe.concurrent('the health of a service that consumes messages', () => {
  it('turns red when the handler of a consumer hangs, and green when it goes on', async () => {
    const { service } = await shop({}, { processors: [], listeners: [] });
    await service.start();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await service.client.createTopic('prices');
    await service.client.consume({ group: 'import', topics: ['prices'], from: 'earliest' }, () => held);
    await service.client.produce({ topic: 'prices', value: '1' });

    const hanging = await aloneBecomesRed(service, 'consumer import', 'a handler of messages began to hang');
    expect(hanging).toMatchObject({ live: true, ready: false });
    expect(check(hanging, 'consumer import').message).toMatch(/nothing of \S+\.prices\/\d was settled for \d+ s, it stands at offset 0/);
    expect(check(hanging, 'consumer import').fix).toContain('stalledAfterMs in the options of consume');
    release();
    await becomesWell(service, 'consumer import', 'the handler went on');
  });

  it('turns red while the consumer of messages dies again and again, or cannot commit, and green after it', async () => {
    const broker = await faulty;
    const { service, config } = await shop({ bootstrapServers: broker.bootstrap }, { processors: [], listeners: [] });
    await service.start();
    await service.client.createTopic('prices');
    const consumer = await service.client.consume({ group: 'import', topics: ['prices'], from: 'earliest' }, () => undefined);
    const topic = `${config.topicPrefix}.prices`;
    const crashing = await broker.fail({ apis: ['Fetch'], topic, error: 'UNKNOWN_SERVER_ERROR', count: -1 });
    const died = await aloneBecomesRed(service, 'consumer import', 'it died');
    expect(check(died, 'consumer import').message).toMatch(/its consumer died and .*\[KAFKA_FAILED\] the consumer of .* crashed/);
    await crashing.remove();
    await becomesWell(service, 'consumer import', 'the reason was gone');

    const error = 'COORDINATOR_LOAD_IN_PROGRESS';
    const failing = await broker.fail({ apis: ['OffsetCommit'], group: `${config.groupId}.import`, error, count: -1 });
    await service.client.produce({ topic: 'prices', value: '1' });
    const behind = await aloneBecomesRed(service, 'consumer import', 'its commits began to fail');
    expect(consumer.counts).toMatchObject({ handled: 1, inFlight: 0 });
    expect(check(behind, 'consumer import').message).toMatch(/1 records of \S+\.prices\/\d are behind its committed offset 0/);
    await failing.remove();
    await becomesWell(service, 'consumer import', 'commits were taken');
  });
});
