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
const ARTEFACTS = ['broker.wasm.br', 'wasm_exec.js'];
const BUILD = ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w'];

// Settings of the surroundings that would change the result, or break it.
const environment = { ...process.env, GOOS: 'js', GOARCH: 'wasm', GOFLAGS: '', GOWORK: 'off', GO111MODULE: 'on', CGO_ENABLED: '0' };

function go(...args) {
  return execFileSync('go', args, { cwd: SOURCES, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** The Go that would build, or what is wrong with it. */
function findGo() {
  let found;
  try {
    // Asked for outside of the module: inside, an older Go refuses to say anything but that it is too old.
    found = execFileSync('go', ['env', 'GOVERSION'], {
      cwd: path('.'),
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } catch (error) {
    return { problem: error.code === 'ENOENT' ? 'Go is not installed' : `go does not run: ${error.message}` };
  }
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(found) ?? [];
  const old = Number(major) < MINIMUM_GO[0] || (Number(major) === MINIMUM_GO[0] && Number(minor) < MINIMUM_GO[1]);
  // An older Go may fetch a newer one by itself, if GOTOOLCHAIN lets it.
  if (old) {
    try {
      return { version: go('env', 'GOVERSION') };
    } catch {
      return { problem: `${found} is too old` };
    }
  }
  return { version: go('env', 'GOVERSION') };
}

function cacheKey(version) {
  const hash = createHash('sha256').update(JSON.stringify([version, BUILD, readFileSync(fileURLToPath(import.meta.url), 'utf8')]));
  for (const file of readdirSync(SOURCES).sort()) hash.update(`\0${file}\0`).update(readFileSync(join(SOURCES, file)));
  return hash.digest('hex').slice(0, 24);
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
