import type { ServiceMap } from './service-map.js';

type Map = Omit<ServiceMap, 'toString' | 'toMermaid'>;

/**
 * The map as a Mermaid flowchart: topics with their events in the middle, who handles and hears them behind, what
 * processors publish as a dotted way back. Who wants every event of a topic has one arrow from the topic. Ids are
 * numbers, so no name can be taken for a word of the language.
 */
export function mermaidOf({ events, topics, processors, listeners }: Map): string {
  const eventIds = new Map(events.map(({ label }, index) => [label, `e${index + 1}`]));
  const idOf = (label: string): string => eventIds.get(label) as string;
  const node = (label: string): string => `    ${idOf(label)}["${escaped(label)}"]`;
  const group = (id: string, title: string, labels: readonly string[]): string[] =>
    labels.length === 0 ? [] : [`  subgraph ${id}["${escaped(title)}"]`, ...labels.map(node), '  end'];
  const arrows = (labels: readonly string[], target: string): string[] => {
    const whole = topics.map((topic, index) => ({ topic, id: `t${index + 1}` })).filter(({ topic }) => isWhole(topic.events, labels));
    const inWhole = new Set(whole.flatMap(({ topic }) => topic.events));
    const sources = [...whole.map(({ id }) => id), ...labels.filter((label) => !inWhole.has(label)).map(idOf)];
    return sources.map((source) => `  ${source} --> ${target}`);
  };
  const local = events.filter(({ direction }) => direction === 'local').map(({ label }) => label);
  return [
    'flowchart LR',
    ...topics.flatMap((topic, index) => group(`t${index + 1}`, topic.name, topic.events)),
    ...group('t0', 'in this process only', local),
    ...processors.map(({ name }, index) => `  p${index + 1}(["${escaped(name)}"])`),
    ...listeners.map(({ name }, index) => `  l${index + 1}[/"${escaped(name)}"/]`),
    ...processors.flatMap(({ handles }, index) => arrows(handles, `p${index + 1}`)),
    ...listeners.flatMap(({ hears }, index) => arrows(hears, `l${index + 1}`)),
    ...processors.flatMap(({ publishes }, index) => publishes.map((label) => `  p${index + 1} -. publishes .-> ${idOf(label)}`)),
  ].join('\n');
}

function isWhole(all: readonly string[], wanted: readonly string[]): boolean {
  return all.length > 1 && all.every((label) => wanted.includes(label));
}

/**
 * What is not plainly part of a word becomes an entity, control characters spaces: quotes and brackets would end the label, and backticks,
 * underscores at an edge or `1. ` would be read as Markdown.
 */
function escaped(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(/(?<=[\p{L}\p{N}])[._/-](?=[\p{L}\p{N}])|[\p{L}\p{N} ]|([^])/gu, (kept, special: string | undefined) =>
      special === undefined ? kept : `#${special.codePointAt(0)};`,
    );
}
