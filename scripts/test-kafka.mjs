// Runs tests against real Kafka, which is started before and always taken down after: scripts/kafka.sh.
//
//   npm run test:kafka             what asks for a Kafka, on one node, what a cluster may change on three, then what harms its own
//   npm run test:kafka:versions    the contract of the driver on older versions of Kafka
//
// Arguments go to vitest.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const OLDER = ['4.1.2', '3.9.2'];

/** Integration tests that start a broker of their own, and ask for no shared one, meet nothing new on another Kafka. */
function integrationTests() {
  const directory = 'dist/test/integration';
  const files = readdirSync(`${root}${directory}`).filter((name) => name.endsWith('.test.js'));
  return files
    .map((name) => `${directory}/${name}`)
    .filter((file) => {
      const source = readFileSync(`${root}${file}`, 'utf8');
      return source.includes('sharedKafka') || !source.includes('startEmbeddedKafka');
    });
}

/** Each with the nodes that it needs, none where the tests start their own. */
function runs() {
  const driver = 'dist/test/contract/kafkajs-driver.test.js';
  const differences = 'dist/test/contract/embedded-differences.test.js';
  if (process.argv[2] === '--versions') return OLDER.map((version) => ({ version, nodes: 1, tests: [driver, differences] }));
  const tests = [driver, differences, ...integrationTests()];
  // Guides, HTTP, figures and the program around the reference application stand on parts that the others try on three nodes.
  const parts = tests.filter((file) => !/\/(guide|http|stats|reference-app|reference-without)/.test(file));
  return [
    { nodes: 1, tests: [...tests, 'test/examples', 'dist/test/kafka/'] },
    { nodes: 3, tests: parts },
    { nodes: 0, tests: ['dist/test/chaos-kafka/'] },
  ];
}

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

// The terminal sends an interrupt to the children as well: they end, and the nodes are taken down below.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (interrupted = true));

const projects = ['contract', 'integration', 'kafka', 'chaos-kafka'].flatMap((name) => ['--project', name]);
const more = process.argv.slice(2).filter((argument) => argument !== '--versions');
for (const { version, nodes, tests } of runs()) {
  if (interrupted) break;
  console.log(
    `\n== ${nodes === 0 ? 'nodes of their own' : `${nodes} node${nodes === 1 ? '' : 's'}`}${version === undefined ? '' : ` of Kafka ${version}`}`,
  );
  const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` };
  if (version !== undefined) env.KAFKA_VERSION = version;
  try {
    if (nodes > 0) {
      const up = await run('scripts/kafka.sh', ['up', String(nodes)], { env, keep: true });
      if (up.code !== 0) throw new Error('no Kafka to test against');
      env.KAFKA_BOOTSTRAP_SERVERS = up.printed.trim();
    }
    const { code } = await run('vitest', ['run', ...projects, ...tests, ...more], { env });
    process.exitCode ||= code;
  } finally {
    if (nodes > 0) await run('scripts/kafka.sh', ['clean'], { env });
  }
}
