import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const CONFLUENT_KAFKA = '2.16.1';
const INSTALL_MS = 120_000;
const run = promisify(execFile);

/** A client of Kafka that is not ours, by its command line. */
export interface OtherClient {
  readonly name: string;
  /** Writes the values to partition 0. */
  produce(servers: string, topic: string, compression: string, values: readonly string[]): Promise<void>;
  /** The first so many values. */
  consume(servers: string, topic: string, count: number): Promise<string[]>;
}

/** confluent-kafka for Python, in an environment of its own; rejects where there is no Python or it cannot be installed. */
export async function confluentKafka(): Promise<OtherClient> {
  const directory = join(root, '.cache', `confluent-kafka-${CONFLUENT_KAFKA}`);
  const python = join(directory, 'bin/python');
  const installed = join(directory, 'lib-is-there');
  if (!existsSync(installed)) {
    await run('python3', ['-m', 'venv', '--clear', directory], { timeout: INSTALL_MS });
    await run(python, ['-m', 'pip', 'install', '--quiet', `confluent-kafka==${CONFLUENT_KAFKA}`], { timeout: INSTALL_MS });
    await run('touch', [installed]);
  }
  const program = join(root, 'test/fixtures/confluent_client.py');
  return {
    name: 'confluent-kafka',
    produce: async (servers, topic, compression, values) => {
      await told(python, [program, 'produce', servers, topic, compression], values);
    },
    consume: (servers, topic, count) => told(python, [program, 'consume', servers, topic, String(count)]),
  };
}

/** kcat, installed where that can be done; rejects where not. */
export async function kcat(): Promise<OtherClient> {
  const found = await run('kcat', ['-V']).catch((error: unknown) => error as Error);
  if (found instanceof Error) {
    await run('apt-get', ['update'], { timeout: INSTALL_MS });
    await run('apt-get', ['install', '--yes', 'kcat'], { timeout: INSTALL_MS });
  }
  return {
    name: 'kcat',
    produce: async (servers, topic, compression, values) => {
      await told('kcat', ['-P', '-b', servers, '-t', topic, '-p', '0', '-z', compression, '-X', 'linger.ms=200'], values);
    },
    consume: (servers, topic, count) =>
      told('kcat', ['-C', '-q', '-b', servers, '-t', topic, '-p', '0', '-o', 'beginning', '-c', String(count)]),
  };
}

/** The lines that a program prints; rejects when it fails. */
async function told(program: string, args: readonly string[], lines: readonly string[] = []): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 60_000 });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (printed += part));
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`);
  return printed.split('\n').slice(0, -1);
}
