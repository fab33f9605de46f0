import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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
    name: 'embedded broker',
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** One node of Apache Kafka that is started for this and deleted afterwards. */
export async function startKafka(): Promise<Broker> {
  const script = fileURLToPath(new URL('../../scripts/kafka.sh', import.meta.url));
  const run = (command: string): string => {
    const { status, stdout } = spawnSync(script, [command], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
    if (status !== 0) throw new Error(`scripts/kafka.sh ${command} failed`);
    return stdout.trim();
  };
  const version = process.env['KAFKA_VERSION'] ?? /KAFKA_VERSION:-([\d.]+)/.exec(readFileSync(script, 'utf8'))?.[1] ?? '';
  const bootstrap = run('up');
  return { bootstrap, name: `Apache Kafka ${version}, one node`, stop: async () => void run('clean') };
}
