// Writes events to a topic at an even pace until it is terminated.
import { workerData } from 'node:worker_threads';

import { chosenPartition, kafkajsClient, messageOf } from './kafkajs-client.js';
import { paced } from './pace.js';

export interface Filling {
  readonly bootstrap: string;
  readonly topic: string;
  readonly perSecond: number;
}

const BATCH = 100;

const { bootstrap, topic, perSecond } = workerData as Filling;
const producer = kafkajsClient(bootstrap).producer({ createPartitioner: chosenPartition });
await producer.connect();
await paced(perSecond / BATCH, Infinity, (batch) => {
  const messages = Array.from({ length: BATCH }, (_, i) => messageOf(batch * BATCH + i));
  // Failing, it ends the thread, and with it the round.
  void producer.send({ topic, messages, acks: -1 });
});
