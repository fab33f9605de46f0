// Keeps the code in the documentation the code that runs.
//
//   npm run docs         rewrites every block below such a line from its source:
//                          <!-- from: examples/01-listener.ts#region -->   the region, or without # the whole file
//                          <!-- output of: examples/01-listener -->       what the compiled example prints on stdout
//   npm run docs:check   fails when a block is not what its source says, when TypeScript stands in a page without a
//                        source, and when a local link leads nowhere

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const BLOCK = /^<!-- (from|output of): (\S+) -->\n+```(\w*)\n([\s\S]*?)^```$/gm;
const SOURCELESS = /^(.*)\n+```ts$/gm;
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;
const FENCED = /^```[\s\S]*?^```$/gm;

/** The lines between `// #region name` and the next `// #endregion`, without markers and common indentation. */
export function region(text, name) {
  const lines = text.trimEnd().split('\n');
  const isMarker = (line) => /^\s*\/\/ #(end)?region\b/.test(line);
  if (name === undefined) return lines.filter((line) => !isMarker(line)).join('\n');
  const start = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  if (start === -1) throw new Error(`there is no "// #region ${name}"`);
  const length = lines.slice(start + 1).findIndex((line) => line.trim() === '// #endregion');
  if (length === -1) throw new Error(`"// #region ${name}" has no "// #endregion"`);
  const inner = lines.slice(start + 1, start + 1 + length);
  const indent = Math.min(...inner.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return inner.map((line) => line.slice(indent)).join('\n');
}

/** The page with every block as its source has it. `read(path)` gives a file, `run(example)` what an example prints. */
export function refreshed(page, { read, run }) {
  return page.replace(BLOCK, (_block, kind, source, language) => {
    const [path, name] = source.split('#');
    const body = kind === 'from' ? region(read(path), name) : run(path).trimEnd();
    return `<!-- ${kind}: ${source} -->\n\n\`\`\`${language}\n${body}\n\`\`\``;
  });
}

/** What is wrong with a page apart from the text of its blocks. `exists(target)` looks next to the page. */
export function faults(page, exists) {
  const blocks = page.match(BLOCK)?.length ?? 0;
  const announced = page.match(/^<!-- (from|output of): /gm)?.length ?? 0;
  const found = [];
  if (blocks !== announced) found.push('a source line is not followed by a fenced block');
  for (const [, before] of page.replace(BLOCK, '').matchAll(SOURCELESS)) found.push(`TypeScript without a source line, after: ${before}`);
  for (const [, target] of page.replace(FENCED, '').matchAll(LINK)) {
    if (/^[a-z]+:/.test(target)) continue;
    if (!exists(target)) found.push(`the link to ${target} leads nowhere`);
  }
  return found;
}

/** The anchors that headings of a page have on code hosting sites. */
export function anchors(page) {
  const headings = page.replace(FENCED, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text]) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

function pages(root) {
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs'), { recursive: true }).map((path) => join('docs', path)) : [];
  return [...readdirSync(root), ...docs].filter((path) => path.endsWith('.md')).toSorted();
}

function main(root, checking) {
  const outputs = new Map();
  // What examples print depends on it.
  const { KAFKA_BOOTSTRAP_SERVERS: _servers, ...env } = process.env;
  const sources = {
    read: (path) => readFileSync(join(root, path), 'utf8'),
    run(example) {
      if (!outputs.has(example)) {
        const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist', `${example}.js`)], {
          cwd: root,
          env,
          encoding: 'utf8',
        });
        if (status !== 0) throw new Error(`${example} failed: ${stderr}`);
        outputs.set(example, stdout);
      }
      return outputs.get(example);
    },
  };
  const findings = [];
  for (const path of pages(root)) {
    const page = readFileSync(join(root, path), 'utf8');
    const exists = (target) => {
      const [file, anchor] = target.split('#');
      const whole = file === '' ? join(root, path) : join(root, dirname(path), file);
      return existsSync(whole) && (anchor === undefined || anchors(readFileSync(whole, 'utf8')).includes(anchor));
    };
    findings.push(...faults(page, exists).map((fault) => `${path}: ${fault}`));
    try {
      const fresh = refreshed(page, sources);
      if (fresh === page) continue;
      if (checking) findings.push(`${path}: a block is not what its source says; npm run docs`);
      else writeFileSync(join(root, path), fresh);
    } catch (error) {
      findings.push(`${path}: ${error.message}`);
    }
  }
  for (const finding of findings) console.error(finding);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  main(fileURLToPath(new URL('..', import.meta.url)), process.argv.includes('--check'));
}
