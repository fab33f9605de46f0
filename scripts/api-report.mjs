// Compares the public API with the committed reports in api/, one per entry point of the package: nobody changes what
// others depend on without seeing it in a diff.
//
//   npm run api          writes the reports
//   npm run api:check    fails when one differs; needs a build

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = join(root, 'api');
const checking = process.argv.includes('--check');
const temporary = mkdtempSync(join(tmpdir(), 'busbar-api-'));

/** They work on a `KafkaService`, and all that hangs on that is in the report of `busbar` already. */
const OF_A_SERVICE = ['busbar-http'];

/** The report of an entry point, in Markdown. */
function report(name, declarations) {
  const errors = [];
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, 'api-extractor.json'),
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarations,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: { module: 'nodenext', target: 'es2022', lib: ['es2023'], types: ['node'], skipLibCheck: true },
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: temporary,
        reportTempFolder: temporary,
        includeForgottenExports: !OF_A_SERVICE.includes(name),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: { default: { logLevel: 'none' } }, tsdocMessageReporting: { default: { logLevel: 'none' } } },
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === 'error') errors.push(message.text);
    },
  });
  if (errors.length > 0) throw new Error(`${name}: ${errors.join('\n')}`);
  return readFileSync(join(temporary, `${name}.api.md`), 'utf8');
}

try {
  mkdirSync(reports, { recursive: true });
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [subpath, target] of Object.entries(exports)) {
    if (!target.endsWith('.js')) continue;
    const name = `busbar${subpath.slice(1).replace('/', '-')}`;
    const fresh = report(name, join(root, target.replace(/\.js$/, '.d.ts')));
    const path = join(reports, `${name}.api.md`);
    if (!checking) writeFileSync(path, fresh);
    else if (!existsSync(path) || readFileSync(path, 'utf8') !== fresh) {
      console.error(`The public API of ${name} is not what api/${name}.api.md says. If that is meant: npm run api`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
