/**
 * A process to be killed: starts an embedded broker on the data directory it is given and writes to it for ever. The
 * record at offset n is the text of n, and the group's committed offset follows. What is acknowledged goes to stdout,
 * one line each: `ready`, `acked n`, `committed n`.
 */
import kafkajs from 'kafkajs';

import { startEmbeddedKafka } from '../../src/kafka/embedded/embedded-kafka.js';
import { createTopic, endOffset, kafkajsClient } from './kafkajs-client.js';

const [dataDir] = process.argv.slice(2);
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const kafka = await startEmbeddedKafka({ dataDir });
const client = kafkajsClient(kafka.bootstrap);
await createTopic(client, 'numbers');
let next = await endOffset(client, 'numbers');
const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
const consumer = client.consumer({ groupId: 'readers', maxWaitTimeInMs: 50, sessionTimeout: 1_000, heartbeatInterval: 200 });
await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topic: 'numbers', fromBeginning: true });

let writing = Promise.resolve();
async function write(): Promise<void> {
  await producer.send({ topic: 'numbers', messages: [{ partition: 0, value: String(next) }] });
  say(`acked ${next}`);
  next += 1;
}

await consumer.run({
  autoCommit: false,
  eachMessage: async ({ message }) => {
    const offset = Number(message.offset) + 1;
    await consumer.commitOffsets([{ topic: 'numbers', partition: 0, offset: String(offset) }]);
    say(`committed ${offset}`);
    await writing; // the consumer may see a record before its producer hears of it
    if (offset === next) writing = write();
  },
});
writing = write();
await writing;
say('ready');
