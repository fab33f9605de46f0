import type { PromiseRow } from './promise-row.js';

const COLUMNS = 120;
/** Before the text of a row: `  durability  weakened  `. */
const INDENT = 24;

/** The rows as text for people, subjects that are promised the same together, each row with what weakens it and its tests. */
export function ledgerTable(rows: readonly PromiseRow[]): string {
  const bySubject = new Map<string, PromiseRow[]>();
  for (const row of rows) bySubject.set(row.subject, [...(bySubject.get(row.subject) ?? []), row]);
  const groups = new Map<string, { readonly subjects: string[]; readonly lines: readonly string[] }>();
  for (const [subject, own] of bySubject) {
    const lines = own.flatMap(rowLines);
    const group = groups.get(lines.join('\n'));
    if (group === undefined) groups.set(lines.join('\n'), { subjects: [subject], lines });
    else group.subjects.push(subject);
  }
  return [...groups.values()].map(({ subjects, lines }) => [...wrapped(subjects.join(', '), COLUMNS), ...lines, ''].join('\n')).join('\n');
}

function rowLines({ promise, holds, says, weakenedBy, shownBy }: PromiseRow): string[] {
  const width = COLUMNS - INDENT;
  const texts = [
    ...wrapped(says, width),
    ...weakenedBy.flatMap((each) => hanging('! ', each, width)),
    ...hanging('  ', shownBy.join(', '), width),
  ];
  const lead = `  ${promise.padEnd(12)}${holds.padEnd(10)}`;
  return texts.map((text, index) => (index === 0 ? lead : ' '.repeat(INDENT)) + text);
}

/** The first line behind the mark, the others below its text. */
function hanging(mark: string, text: string, width: number): string[] {
  return wrapped(text, width - mark.length).map((line, index) => (index === 0 ? mark : ' '.repeat(mark.length)) + line);
}

/** Lines of whole words; a word that is longer than a line is cut. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => each.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
