import { afterEach, describe, expect, it } from 'vitest';

import { KafkaClient } from '../../src/service/client/kafka-client.js';
import { until } from '../support/application.js';
import { uniquePrefix } from '../support/kafka.js';
import { MirrorLedger } from '../support/mirror-ledger.js';
import { checkMirror } from '../support/mirror-property.js';
import { application, stopApplications } from '../support/shop-application.js';
import { classOf, TOPICS, type Role, type ServicePlan } from '../support/topology.js';

afterEach(stopApplications);

const NOTED = 0;
const REPLIED = 1;
const COUNTED = 2;
/** Events that each of the publishing services publishes. */
const EACH = 40;

const apart: Role = { direction: 'both', listens: false, answers: undefined };
const hears: Role = { direction: 'both', listens: true, answers: undefined };
const answersWith = (answers: number): Role => ({ direction: 'both', listens: true, answers });
const only = (direction: Role['direction'], role: Role): Role => ({ ...role, direction });

/** Each as in the property over random topologies, on real sockets. `publish` says who publishes what. */
const LANDSCAPES: readonly (readonly [
  string,
  readonly ServicePlan[],
  publish: readonly (readonly [service: number, event: number])[],
  heardElsewhere: number,
])[] = [
  [
    'two services that answer each other',
    [
      { instances: 1, roles: [answersWith(REPLIED), hears, apart] },
      { instances: 1, roles: [answersWith(REPLIED), hears, apart] },
    ],
    [
      [0, NOTED],
      [1, NOTED],
    ],
    // Both answer the events of both.
    6 * EACH,
  ],
  [
    'a chain of three services with derived events',
    [
      { instances: 1, roles: [only('out', hears), apart, apart] },
      { instances: 2, roles: [only('in', answersWith(REPLIED)), only('out', apart), apart] },
      { instances: 1, roles: [apart, only('in', answersWith(COUNTED)), only('out', hears)] },
    ],
    [[0, NOTED]],
    2 * EACH,
  ],
  [
    'a star with a hub of three instances',
    [
      { instances: 3, roles: [only('in', answersWith(REPLIED)), only('out', apart), apart] },
      ...[1, 2, 3].map(() => ({ instances: 1, roles: [only('out', hears), only('in', hears), apart] })),
    ],
    [
      [1, NOTED],
      [2, NOTED],
      [3, NOTED],
    ],
    3 * EACH + 3 * 3 * EACH,
  ],
];

describe('on a broker, services that mirror the same topics', () => {
  it.each(LANDSCAPES)('hear each event once and never their own: %s', async (_, services, publish, heardElsewhere) => {
    const topicPrefix = uniquePrefix();
    const ledger = new MirrorLedger(services);
    const start = async (service: number, roles: readonly Role[]) => {
      const made = await application(
        { serviceName: `service-${service}`, topicPrefix, topics: Object.fromEntries(TOPICS.map((topic) => [topic, {}])) },
        { events: roles.map(({ direction }, event) => classOf(event, direction)), processors: [], listeners: [] },
      );
      ledger.listen(service, made.bus);
      await made.service.start();
      return made;
    };
    const running = await Promise.all(
      services.map(({ instances, roles }, service) => Promise.all(Array.from({ length: instances }, () => start(service, roles)))),
    );
    const numbers = Array.from({ length: EACH }, (__, number) => number);
    await Promise.all(
      publish.flatMap(([service, event]) =>
        numbers.map((number) => ledger.publish(service, running[service]![number % running[service]!.length]!.bus, event)),
      ),
    );
    await until(async () => {
      const settled = await Promise.all(running.flat().map(({ service }) => service.caughtUp()));
      return ledger.pending === 0 && settled.every(Boolean);
    });

    const client = running[0]![0]!.container.get(KafkaClient);
    const offsets = await Promise.all([...new Set(TOPICS)].map((topic) => client.offsets(topic)));
    const records = offsets.flat().reduce((sum, { end }) => sum + end, 0);
    checkMirror(ledger, { records, crashes: false, copiesPass: false });
    expect(ledger.mirrored).toBe(heardElsewhere);
  });
});
