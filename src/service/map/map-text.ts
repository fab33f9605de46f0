import type { MappedEvent, ServiceMap } from './service-map.js';

const WIDTH = 100;

type Map = Omit<ServiceMap, 'toString' | 'toMermaid'>;

/** The map as text: events by topic with who uses them, processors, listeners, findings. */
export function mapText(map: Map): string {
  const local = map.events.filter(({ direction }) => direction === 'local');
  const sections = [
    ...map.topics.map(({ name, fullName, events }) => ({
      title: name === fullName ? `topic ${name}` : `topic ${name} (on the broker: ${fullName})`,
      rows: table(map.events.filter(({ label }) => events.includes(label)).map((event) => eventRow(event, map))),
    })),
    ...(local.length === 0 ? [] : [{ title: 'in this process only', rows: table(local.map((event) => eventRow(event, map))) }]),
    ...map.processors.map(({ name, className, group, handles, publishes }) => ({
      title: `processor ${name} (${className}, consumer group ${group})`,
      rows: [...listed('handles', handles), ...listed('publishes', publishes)],
    })),
    ...map.listeners.map(({ name, hears }) => ({ title: `listener ${name}`, rows: listed('hears', hears) })),
    ...(['error', 'warning'] as const).flatMap((level) => {
      const rows = map.findings
        .filter((one) => one.level === level)
        .flatMap(({ where, what, fix }) => [`${where} ${what}`, `  fix: ${fix}`]);
      return rows.length === 0 ? [] : [{ title: `${level}s`, rows }];
    }),
  ];
  const blocks = sections.map(({ title, rows }) => [title, ...rows.map((row) => `  ${row}`)].map(printable).join('\n'));
  return [`service ${printable(map.service)}`, ...blocks].join('\n\n');
}

function eventRow({ label, direction, key }: MappedEvent, { processors, listeners }: Map): string[] {
  const by = (verb: string, names: readonly string[]): string[] => (names.length === 0 ? [] : [`${verb} by ${names.join(', ')}`]);
  const uses = [
    ...by(
      'published',
      processors.filter(({ publishes }) => publishes.includes(label)).map(({ name }) => name),
    ),
    ...by(
      'handled',
      processors.filter(({ handles }) => handles.includes(label)).map(({ name }) => name),
    ),
    ...by(
      'heard',
      listeners.filter(({ hears }) => hears.includes(label)).map(({ name }) => name),
    ),
  ];
  return [label, direction, key === undefined ? 'no key' : `key ${key}`, uses.join('; ')];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `title  a, b, c`, continued below where it gets too long. */
function listed(title: string, items: readonly string[]): string[] {
  const indent = 'publishes  '.length;
  const lines: string[] = [];
  for (const [index, item] of (items.length === 0 ? ['nothing'] : items).entries()) {
    const piece = index < items.length - 1 ? `${item},` : item;
    const last = lines.at(-1);
    if (last === undefined || indent + last.length + piece.length + 3 > WIDTH) lines.push(piece);
    else lines[lines.length - 1] = `${last} ${piece}`;
  }
  return lines.map((line, index) => (index === 0 ? title : '').padEnd(indent) + line);
}

/** Names come from the source of the application and may hold anything; a terminal is not to obey them. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\u{FFFD}');
}
