import { randomUUID } from 'node:crypto';

import type { IHeaders } from 'kafkajs';

import { startClocks, type Contender, type NewContender, type Setting } from './contender.js';
import { kafkajsClient } from './kafkajs-client.js';
import { BARE_TOPIC } from './prefill.js';

/** `eachBatch` that reads headers and JSON and does nothing with them; offsets are committed as kafkajs does by default. */
export const inKafkajs: NewContender = (setting) => reading(setting, 'decision-events', true);

/** The same without any commit: the floor of what kafkajs takes to fetch and decode. */
export const inKafkajsNoCommits: NewContender = (setting) => reading(setting, 'decision-events', false);

/** With its default commits, from a topic whose records have no headers. */
export const inKafkajsBare: NewContender = (setting) => reading(setting, BARE_TOPIC, true);

async function reading({ bootstrap, prefix, events }: Setting, topic: string, autoCommit: boolean): Promise<Contender> {
  const client = kafkajsClient(bootstrap);
  return {
    async round() {
      const consumer = client.consumer({ groupId: `${prefix}.${randomUUID()}`, maxWaitTimeInMs: 500 });
      await consumer.connect();
      await consumer.subscribe({ topic: `${prefix}.${topic}`, fromBeginning: true });
      let stop: ReturnType<typeof startClocks> | undefined;
      let read = 0;
      let allRead = (): void => undefined;
      const end = new Promise<void>((resolve) => (allRead = resolve));
      await consumer.run({
        autoCommit,
        eachBatch: ({ batch }) => {
          stop ??= startClocks();
          for (const { headers, value } of batch.messages) {
            const envelope = { ...texts(headers ?? {}), event: JSON.parse(value!.toString()) as object };
            if (typeof envelope.event === 'object' && ++read === events) allRead();
          }
          return Promise.resolve();
        },
      });
      await end;
      const measurement = stop!(events);
      await consumer.disconnect();
      return measurement;
    },
    close: () => Promise.resolve(),
  };
}

function texts(headers: IHeaders): Record<string, string> {
  const read: Record<string, string> = {};
  for (const name in headers) read[name] = String(headers[name]);
  return read;
}
