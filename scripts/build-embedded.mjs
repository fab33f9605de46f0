// Builds the embedded Kafka broker (src/kafka/embedded/broker, a Go module) to WebAssembly and puts it, with the
// wasm_exec.js of the Go that built it, beside the compiled TypeScript. Cached by what goes into it, so that a second
// build only copies. Without Go it says what to do and succeeds: everything but the embedded broker works.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const MINIMUM_GO = [1, 26];
const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const SOURCES = path('src/kafka/embedded/broker');
const TARGET = path('dist/src/kafka/embedded');
const CACHE = path('.cache/embedded');
const ARTEFACTS = ['broker.wasm.br', 'wasm_exec.js', 'broker-licenses.txt'];
const BUILD = ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w'];

// Settings of the surroundings that would change the result, or break it.
const environment = { ...process.env, GOOS: 'js', GOARCH: 'wasm', GOFLAGS: '', GOWORK: 'off', GO111MODULE: 'on', CGO_ENABLED: '0' };

function go(...args) {
  return execFileSync('go', args, { cwd: SOURCES, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** Settles which Go builds: the installed one, or a newer one that it fetches by itself where GOTOOLCHAIN lets it. */
function findGo() {
  const version = (cwd, toolchain) => {
    const env = { ...environment, ...toolchain };
    return execFileSync('go', ['env', 'GOVERSION'], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  };
  let found;
  let installed = false;
  try {
    found = version(path('.'), { GOTOOLCHAIN: 'local' });
    installed = isNewEnough(found);
    if (!installed) found = version(SOURCES);
  } catch (error) {
    return { problem: error.code === 'ENOENT' ? 'Go is not installed' : `go does not run (${error.stderr?.trim() || error.message})` };
  }
  if (!isNewEnough(found)) return { problem: `${found} is too old` };
  if (installed) environment.GOTOOLCHAIN = 'local';
  return { version: found };
}

function isNewEnough(version) {
  const [major, minor] = /^go(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [0, 0];
  return major > MINIMUM_GO[0] || (major === MINIMUM_GO[0] && minor >= MINIMUM_GO[1]);
}

function cacheKey(version) {
  const hash = createHash('sha256').update(JSON.stringify([version, BUILD, readFileSync(fileURLToPath(import.meta.url), 'utf8')]));
  for (const file of readdirSync(SOURCES).sort()) hash.update(`\0${file}\0`).update(readFileSync(join(SOURCES, file)));
  return hash.digest('hex').slice(0, 24);
}

/** The licences of what is linked into the broker; they ask to be shipped with it. */
function licenses() {
  const modules = new Set(
    go('list', '-deps', '-f', '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}', '.').split('\n'),
  );
  const sources = [...modules].filter(Boolean).map((line) => line.split('\t'));
  const texts = [...sources, ['Go (https://go.dev)', go('env', 'GOROOT')]].map(([name, directory]) => {
    const file = readdirSync(directory).find((entry) => /^licen[sc]e/i.test(entry));
    return `${name}\n\n${file === undefined ? 'see its home page' : readFileSync(join(directory, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** Leaves the finished artefacts in `directory`, all or none of them. */
function build(directory) {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'build-'));
  try {
    const wasm = join(work, 'broker.wasm');
    go(...BUILD, '-o', wasm, '.');
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
    writeFileSync(join(work, 'broker.wasm.br'), brotliCompressSync(readFileSync(wasm), { params }));
    copyFileSync(join(go('env', 'GOROOT'), 'lib/wasm/wasm_exec.js'), join(work, 'wasm_exec.js'));
    writeFileSync(join(work, 'broker-licenses.txt'), licenses());
    rmSync(wasm);
    if (!existsSync(directory)) renameSync(work, directory);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function publish(directory) {
  mkdirSync(TARGET, { recursive: true });
  for (const name of ARTEFACTS) {
    // Renamed into place: a test run that is starting a broker sees the old file or the new one.
    const incoming = join(TARGET, `.${name}.${process.pid}`);
    copyFileSync(join(directory, name), incoming);
    renameSync(incoming, join(TARGET, name));
  }
}

const { version, problem } = findGo();
if (problem !== undefined) {
  for (const name of ARTEFACTS) rmSync(join(TARGET, name), { force: true });
  console.warn(`
The embedded Kafka broker was not built: ${problem}.
Everything else works. To have a broker, choose one:
  - install Go ${MINIMUM_GO.join('.')} or newer (https://go.dev/dl/), then: npm run build
  - set KAFKA_BOOTSTRAP_SERVERS to the servers of a Kafka that runs already
  - start a Kafka with docker compose and set KAFKA_BOOTSTRAP_SERVERS to it
`);
} else {
  const directory = join(CACHE, cacheKey(version));
  if (!ARTEFACTS.every((name) => existsSync(join(directory, name)))) {
    console.log(`Building the embedded Kafka broker with ${version}; this takes half a minute the first time.`);
    build(directory);
  }
  publish(directory);
}
