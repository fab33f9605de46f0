// Runs the contract and integration tests against one real Kafka node, which is started before and always taken down
// after: scripts/kafka.sh. Arguments go to vitest.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The exit code and, when asked for, what was printed. */
function run(command, args, { env = process.env, keep = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', keep ? 'pipe' : 'inherit', 'inherit'] });
    let printed = '';
    child.stdout?.on('data', (chunk) => (printed += chunk));
    child.on('error', reject);

    child.on('close', (code) => resolve({ code: code ?? 1, printed }));
  });
}

// The terminal sends an interrupt to the children as well: they end, and the node is taken down below.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});

try {
  const up = await run('scripts/kafka.sh', ['up'], { keep: true });
  if (up.code !== 0) throw new Error('no Kafka node to test against');
  const env = { ...process.env, KAFKA_BOOTSTRAP_SERVERS: up.printed.trim(), PATH: `${root}node_modules/.bin:${process.env.PATH}` };
  const projects = ['contract', 'integration', 'kafka'].flatMap((name) => ['--project', name]);
  process.exitCode = (await run('vitest', ['run', ...projects, ...process.argv.slice(2)], { env })).code;
} finally {
  await run('scripts/kafka.sh', ['clean']);
}
