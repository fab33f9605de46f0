import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, it } from 'vitest';

import { sharedKafka } from '../support/kafka.js';

const CHILD = fileURLToPath(new URL('../support/kafkajs-child.js', import.meta.url));

interface Ended {
  readonly code: number;
  readonly out: string[];
  readonly err: string;
}

/** A process that uses kafkajs; one that hangs is killed, and its code is none of those below. */
function run(play: string, bootstrap: string, env: NodeJS.ProcessEnv = {}, args: readonly string[] = []): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NODE_ENV: '', NODE_OPTIONS: '', ...env }, timeout: 60_000, killSignal: 'SIGKILL' as const };
    const child = execFile(process.execPath, [...args, CHILD, play, bootstrap], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, out: stdout.split('\n').slice(0, -1), err: stderr }),
    );
  });
}

const servers: Server[] = [];
const sockets: Socket[] = [];
afterAll(() => {
  for (const each of sockets) each.destroy();
  for (const each of servers) each.close();
});

/** A server that does this with each of its connections. */
async function server(meet: (socket: Socket) => void): Promise<string> {
  const listening: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    meet(socket);
  }).listen(0, '127.0.0.1');
  servers.push(listening);
  await once(listening, 'listening');
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

/** Answers on its first connection that two bytes follow, and two bytes are no answer of Kafka. From the second on it is the broker. */
async function failsFirst(): Promise<string> {
  const [host, port] = (await sharedKafka()).bootstrap.split(',', 1)[0]!.split(':') as [string, string];
  let connections = 0;
  return server((socket) => {
    if (++connections === 1) socket.once('data', () => socket.write(Buffer.from([0, 0, 0, 2, 1, 2])));
    else socket.pipe(connect(Number(port), host)).pipe(socket);
  });
}

describe.concurrent('in a process', () => {
  const running = sharedKafka();

  it('kafkajs alone ends the process at an answer that is too short to be one', async () => {
    const { code, out, err } = await run('raw', await failsFirst());
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain('RangeError [ERR_BUFFER_OUT_OF_BOUNDS]');
  });

  it('the driver survives an answer that is too short to be one, tells of it, and goes on with another connection', async () => {
    const { code, out, err } = await run('driver', await failsFirst());
    expect(out.shift()).toMatch(/^CLIENT_FAILED RangeError/);
    expect({ code, out, err }).toEqual({ code: 0, out: ['connected', 'sent'], err: '' });
  });

  it.each([
    ['throw', 1, false, /Error: of the application/],
    ['strict', 1, false, /Error: of the application/],
    ['warn-with-error-code', 1, true, /UnhandledPromiseRejectionWarning: Error: of the application/],
    ['warn', 0, true, /UnhandledPromiseRejectionWarning: Error: of the application/],
    ['none', 0, true, /^$/],
  ])(
    'the driver changes nothing about a rejection of the application itself: --unhandled-rejections=%s',
    async (mode, code, goesOn, says) => {
      const { bootstrap } = await running;
      const ended = await run('rejection', bootstrap, {}, [`--unhandled-rejections=${mode}`]);
      expect({ code: ended.code, out: ended.out }).toEqual({ code, out: goesOn ? ['connected', 'went on'] : ['connected'] });
      expect(ended.err).toMatch(says);
    },
  );

  it('the driver tries as often with NODE_ENV=test as without', async () => {
    const attempts = async (env: string): Promise<number> => {
      let connections = 0;
      const hangsUp = await server((socket) => {
        connections++;
        socket.destroy();
      });
      const { out } = await run('refused', hangsUp, { NODE_ENV: env });
      expect(out.join()).toContain('BROKER_UNREACHABLE');
      return connections;
    };
    expect(await Promise.all([attempts('test'), attempts('production')])).toEqual([5, 5]);
  });

  it('the driver writes nothing to stderr by itself, and sets no timer in the past, which Node 24 would warn of', async () => {
    const { bootstrap } = await running;
    const [plain, inTests] = await Promise.all([run('timers', bootstrap), run('timers', bootstrap, { NODE_ENV: 'test' })]);
    expect(plain).toEqual({ code: 0, out: ['connected', 'sent'], err: '' });
    expect(inTests).toEqual(plain);
  });
});
