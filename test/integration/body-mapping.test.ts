import { afterEach, expect, it } from 'vitest';

import { sharedKafka } from '../support/kafka.js';
import { kafkajsClient, produce } from '../support/kafkajs-client.js';
import { until } from '../support/application.js';
import { application, Orders, stopApplications } from '../support/shop-application.js';

afterEach(stopApplications);

it('a processor reads the records of a producer that knows nothing of us, where the topic says its fields are', async () => {
  const topics = { orders: { partitions: 1, mapping: { name: ['kind', 'eventKind'], data: 'payload' } } };
  const { container, config, service, notices } = await application({ topics });
  await service.start();
  const { bootstrap } = await sharedKafka();
  await produce(
    kafkajsClient(bootstrap),
    `${config.topicPrefix}.orders`,
    [
      { kind: 'order_placed', payload: { orderId: 'o-1' } },
      { eventKind: 'order_placed', type: 'order_shipped', orderId: 'o-2' },
      { kind: 'something_else', payload: {} },
      { event_type: 'order_placed', data: { orderId: 'o-3' } }, // where it usually is, it is not looked for
    ].map((body) => JSON.stringify(body)),
  );
  // The fifth and sixth are what the handler published.
  await until(() => service.getStats().processors['orders']?.outcomes.delivered === 6);
  await until(() => service.caughtUp());
  expect(container.get(Orders).handled).toEqual(['o-1', 'o-2']);
  expect(service.getStats().processors['orders']?.outcomes).toMatchObject({ handled: 2, ignored: 3, deadLettered: 1 });
  const letter = notices.find(({ code }) => code === 'DEAD_LETTERED');
  expect(String(letter?.error)).toContain('has no ce_type header and no field kind or eventKind in a JSON body');
});
