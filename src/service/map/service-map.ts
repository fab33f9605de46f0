import { listenedBy } from '../../bus/listens.js';
import type { Contract, Direction, EventClass } from '../../event/contract.js';
import { definitionOf } from '../../event/definition.js';
import { TopicNames } from '../../kafka/topics.js';
import { handledBy } from '../../processor/handles.js';
import { settingsOf } from '../../processor/processor-options.js';
import type { ProcessorClass } from '../../processor/processor.js';
import { wiringOf, type ServiceParts } from '../assembly.js';
import { contractsOf } from '../wiring/event-findings.js';
import type { WiringFinding } from '../wiring/finding.js';
import { classesOf } from '../wiring/not-classes.js';
import { check } from '../wiring/wiring.js';
import { mermaidOf } from './mermaid.js';
import { mapText } from './map-text.js';

/** An event on the map. */
export interface MappedEvent {
  /** How the rest of the map names it: `name`, or `name v2` for another version than the first. */
  readonly label: string;
  readonly name: string;
  readonly version: number;
  /** Without the prefix. */
  readonly topic: string;
  readonly direction: Direction;
  /** The field that is the key, `computed` for a function of the event, undefined without a key. */
  readonly key: string | undefined;
}

export interface MappedTopic {
  /** Without the prefix. */
  readonly name: string;
  /** As it is on the broker. */
  readonly fullName: string;
  /** Labels of its events. */
  readonly events: readonly string[];
}

export interface MappedProcessor {
  readonly name: string;
  readonly className: string;
  /** Its consumer group. */
  readonly group: string;
  /** Labels of the events. */
  readonly handles: readonly string[];
  readonly publishes: readonly string[];
}

/** A method with `@Listens`. Functions that subscribe by themselves have no name to be shown by. */
export interface MappedListener {
  /** `Class.method` */
  readonly name: string;
  /** Labels of the events. */
  readonly hears: readonly string[];
}

/**
 * Who publishes, handles and hears what, in the order in which the application lists it: plain data, and two ways to look
 * at it. It is computed from what the check before a start looks at, and can be had of an application that would not start.
 */
export class ServiceMap {
  readonly service: string;
  readonly events: readonly MappedEvent[];
  /** Those that events cross; what never leaves the process is on none. */
  readonly topics: readonly MappedTopic[];
  readonly processors: readonly MappedProcessor[];
  readonly listeners: readonly MappedListener[];
  /** What `start()` would refuse or warn of, apart from what the container has not. */
  readonly findings: readonly WiringFinding[];

  constructor(parts: Omit<ServiceMap, 'toString' | 'toMermaid'>) {
    this.service = parts.service;
    this.events = parts.events;
    this.topics = parts.topics;
    this.processors = parts.processors;
    this.listeners = parts.listeners;
    this.findings = parts.findings;
  }

  /** For a terminal; up to 100 columns where names allow it. */
  toString(): string {
    return mapText(this);
  }

  /** A Mermaid flowchart, for Markdown: in a block that begins with three backticks and `mermaid`. */
  toMermaid(): string {
    return mermaidOf(this);
  }
}

/** The map of an application, started or not. */
export function mapOf(parts: ServiceParts): ServiceMap {
  const { config } = parts;
  const wiring = wiringOf(parts);
  const processors = classesOf(wiring.processors);
  const listening = classesOf(wiring.listeners).flatMap((listener) =>
    listenedBy(listener).map(({ eventClass, method }) => ({ eventClass, name: `${listener.name}.${String(method)}` })),
  );
  const mentioned = [
    ...wiring.events,
    ...processors.flatMap((processor) => [...handledBy(processor).map(({ eventClass }) => eventClass), ...publishedBy(processor)]),
    ...listening.map(({ eventClass }) => eventClass),
  ];
  const contracts = contractsOf(mentioned);
  /** In the order of the events, each once, those left out that are none. */
  const labels = (classes: readonly EventClass[]): string[] =>
    contracts.filter(({ eventClass }) => classes.includes(eventClass)).map(labelOf);
  const names = new TopicNames(config.topicPrefix);
  const crossing = contracts.filter(({ direction }) => direction !== 'local');
  return new ServiceMap({
    service: config.serviceName,
    events: contracts.map(eventOnMap),
    topics: [...new Set(crossing.map(({ topic }) => topic))].map((name) => ({
      name,
      fullName: names.topic(name),
      events: crossing.filter(({ topic }) => topic === name).map(labelOf),
    })),
    processors: processors.map((processor) => {
      const name = settingsOf(processor)?.name ?? processor.name;
      const handles = labels(handledBy(processor).map(({ eventClass }) => eventClass));
      const publishes = labels(publishedBy(processor));
      return { name, className: processor.name, group: `${config.groupId}.${name}`, handles, publishes };
    }),
    listeners: [...new Set(listening.map(({ name }) => name))].map((name) => ({
      name,
      hears: labels(listening.filter((one) => one.name === name).map(({ eventClass }) => eventClass)),
    })),
    findings: [...parts.findings, ...check(wiring)],
  });
}

const publishedBy = (processor: ProcessorClass): readonly EventClass[] => settingsOf(processor)?.publishes ?? [];

function labelOf({ name, version }: Contract): string {
  return version === 1 ? name : `${name} v${version}`;
}

function eventOnMap(contract: Contract): MappedEvent {
  const { name, version, topic, direction, eventClass } = contract;
  const key = definitionOf(eventClass)?.key;
  return { label: labelOf(contract), name, version, topic, direction, key: typeof key === 'function' ? 'computed' : key };
}
