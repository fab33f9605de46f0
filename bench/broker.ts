import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Broker {
  readonly bootstrap: string;
  /** For the report. */
  readonly name: string;
  stop(): Promise<void>;
}

/**
 * The Kafka at `KAFKA_BOOTSTRAP_SERVERS` if that is set, else the embedded one. In an application that runs in a thread
 * of its own; here it has a whole process, so that the processor time of a contender is the contender's alone.
 */
export async function findBroker(): Promise<Broker> {
  const servers = process.env['KAFKA_BOOTSTRAP_SERVERS'];
  if (servers !== undefined && servers !== '') return { bootstrap: servers, name: servers, stop: () => Promise.resolve() };
  const child = fork(fileURLToPath(new URL('broker-process.js', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] });
  const [bootstrap] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])])) as [string | undefined];
  if (bootstrap === undefined) throw new Error('the embedded broker did not start');
  return {
    bootstrap,
    name: 'embedded',
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
