import { setTimeout as sleep } from 'node:timers/promises';

import type { Admin } from 'kafkajs';

import { type EventBus, type KafkaModuleOptions, type KafkaSettings, type Notice, PublishError } from 'busbar';

import { shop } from './health.js';
import { kafkajsClient } from './kafkajs-client.js';
import { OrderPlaced, Orders, stopApplications } from './shop-application.js';

interface Bootstrap {
  readonly bootstrap: string;
}

const admins: Admin[] = [];

/** Stops every shop and closes every admin; for `afterAll`. */
export async function stopShops(): Promise<void> {
  await stopApplications();
  await Promise.all(admins.splice(0).map((admin) => admin.disconnect()));
}

/** Looks at a broker, and does what an operator does. */
export async function adminOf({ bootstrap }: Bootstrap): Promise<Admin> {
  const admin = kafkajsClient(bootstrap).admin();
  await admin.connect();
  admins.push(admin);
  return admin;
}

/** A shop that runs, on a broker of the test. */
export async function running(broker: Promise<Bootstrap>, settings: KafkaSettings = {}, more: Partial<KafkaModuleOptions> = {}) {
  const { bootstrap } = await broker;
  const parts = await shop({ bootstrapServers: bootstrap, numPartitions: 1, ...settings }, { listeners: [], ...more });
  await parts.service.start();
  const { container, bus, config } = parts;
  const publish = (...ids: string[]) => Promise.all(ids.map((orderId) => bus.publish(new OrderPlaced({ orderId }))));
  const orders = container.isBound(Orders) ? container.get(Orders) : undefined;
  return { ...parts, publish, orders: orders!, topic: `${config.topicPrefix}.orders`, group: `${config.groupId}.orders` };
}

/** Publishes as soon as the circuit lets it. */
export async function publishOnceTaken(bus: EventBus, orderId: string): Promise<void> {
  try {
    await bus.publish(new OrderPlaced({ orderId }));
  } catch (error) {
    if (!(error instanceof PublishError) || error.code !== 'CIRCUIT_OPEN') throw error;
    await sleep(50);
    await publishOnceTaken(bus, orderId);
  }
}

export const numbered = (what: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${what}-${i}`);
export const of = (notices: readonly Notice[], code: string): Notice[] => notices.filter((notice) => notice.code === code);

/** Of partition 0; -1 where there is none. */
export async function committed(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return Number(found!.partitions[0]!.offset);
}

/** What an operator does with Kafka's tool, which refuses while the group has a member that is about to leave. */
export async function choose(admin: Admin, groupId: string, topic: string, offset: number): Promise<void> {
  const { groups } = await admin.describeGroups([groupId]);
  if (groups[0]!.members.length > 0) return choose(admin, groupId, topic, offset);
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: String(offset) }] });
}
