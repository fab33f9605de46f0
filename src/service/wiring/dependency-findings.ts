import type { Resolve } from '../../bus/event-context.js';
import { TOKENS } from '../tokens.js';
import type { WiringFinding } from './finding.js';

type Class = new (...args: never[]) => object;

/** What the container says; the first lines of its messages are all there is to go by. */
const UNBOUND = /^No bindings found for service: "(.+)"\.\n\nTrying to resolve bindings for "(.+)"/;
const UNDECORATED = /^Found unexpected missing metadata on type "(.+?)"/;
const CIRCULAR = /^Circular dependency found: (.+)/;

/**
 * Why the container could not make a class: one finding for each thing it injects that is not there, or else one for the
 * error. Asks the container again for what the class injects.
 */
export function dependencyFindings(type: Class, error: unknown, resolve: Resolve, hasStore: boolean): WiringFinding[] {
  const missing = injectedBy(type).flatMap((token): WiringFinding[] => {
    try {
      void resolve(token);
      return [];
    } catch (failure) {
      if (token === TOKENS.Store && !hasStore) return [withoutStore(type.name)];
      return [UNBOUND.test(messageOf(failure)) ? unbound(type.name, token, failure) : unmakeable(type.name, failure)];
    }
  });
  return missing.length > 0 ? missing : [unmakeable(type.name, error)];
}

function withoutStore(where: string): WiringFinding {
  return error(where, 'needs a store, and there is none', 'pass `store` to kafkaModule, e.g. store: sqliteStore({ … })');
}

function unbound(where: string, token: unknown, failure: unknown): WiringFinding {
  const [, service = '', asked = ''] = UNBOUND.exec(messageOf(failure)) ?? [];
  const needs = `needs ${shown(token)}`;
  if (asked.endsWith('(Root service)')) {
    const how = typeof token === 'function' ? '.toSelf().inSingletonScope()' : '.to(SomeClass), or .toConstantValue(something)';
    return error(where, `${needs}, which the container does not have`, `bind it: container.bind(${shown(token)})${how}`);
  }
  const what = `${needs}, of which ${asked} needs ${service}, which the container does not have`;
  return error(where, what, `bind ${service} in the container before the service starts`);
}

function unmakeable(where: string, failure: unknown): WiringFinding {
  const message = messageOf(failure);
  const [, undecorated] = UNDECORATED.exec(message) ?? [];
  if (undecorated !== undefined) {
    const whose = undecorated === where ? 'its constructor' : `the constructor of ${undecorated}`;
    const fix = `add @injectable() to ${undecorated}, and @inject(TOKEN) to each argument of its constructor`;
    return error(where, `cannot be made: ${whose} has arguments without @inject`, fix);
  }
  const [, circle] = CIRCULAR.exec(message) ?? [];
  if (circle !== undefined) {
    const fix = 'let one of them ask for the other later, e.g. a handler with ctx.get(TOKEN)';
    return error(where, `cannot be made: what it injects goes in a circle, ${circle}`, fix);
  }
  const [reason = ''] = message.split('\n\n');
  return error(where, `cannot be made: ${reason}`, 'look at its constructor and at what that injects');
}

function error(where: string, what: string, fix: string): WiringFinding {
  return { level: 'error', where, what, fix };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function shown(token: unknown): string {
  if (typeof token === 'function') return token.name;
  if (typeof token !== 'symbol') return JSON.stringify(token);
  const [known] = Object.entries(TOKENS).find(([, one]) => one === token) ?? [];
  if (known !== undefined) return `TOKENS.${known}`;
  const key = Symbol.keyFor(token);
  return key === undefined ? String(token) : `Symbol.for('${key}')`;
}

interface Injected {
  readonly value?: unknown;
  readonly name?: unknown;
  readonly optional?: boolean;
  readonly tags?: ReadonlyMap<unknown, unknown>;
}

/**
 * What a class injects. The container keeps it to itself and names the first only that is missing; where it keeps it
 * elsewhere one day, the first is what is told.
 */
function injectedBy(type: Class): unknown[] {
  // Its own: a class that inherits what its base injects has to say so itself.
  const { getOwnMetadata } = Reflect as { getOwnMetadata?: (key: string, target: object) => unknown };
  const metadata = getOwnMetadata?.('@inversifyjs/core/classMetadataReflectKey', type) as
    | { readonly constructorArguments?: readonly Injected[]; readonly properties?: ReadonlyMap<unknown, Injected> }
    | undefined;
  const injected = [...(metadata?.constructorArguments ?? []), ...(metadata?.properties?.values() ?? [])];
  return injected
    .filter(({ value, name, optional, tags }) => isToken(value) && name === undefined && optional !== true && (tags?.size ?? 0) === 0)
    .map(({ value }) => value);
}

const isToken = (value: unknown): boolean => ['function', 'symbol', 'string'].includes(typeof value);
