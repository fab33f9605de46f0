import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { sharedKafka, uniquePrefix } from '../support/kafka.js';
import { ReferenceApp } from '../support/reference-app.js';

const EVENT = { specversion: '1.0', source: '/test', subject: 'd-1', time: '2025-01-01T00:00:00Z', datacontenttype: 'application/json' };
const begun = { ...EVENT, id: 'begun', type: 'debate_initiated', data: { debateId: 'd-1', question: 'Tabs?', kind: 'style' } };
const decided = {
  ...EVENT,
  id: 'decided',
  type: 'decision_made',
  time: '2025-01-11T23:00:00Z',
  data: { debateId: 'd-1', decisionId: 'd-1', outcome: 'accepted', dateKnown: true },
};

describe('the reference application', () => {
  let bootstrap: string;
  let dir: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    ({ bootstrap } = await sharedKafka());
    dir = mkdtempSync(join(tmpdir(), 'busbar-app-'));
  });
  beforeEach(() => {
    const prefix = uniquePrefix();
    env = { KAFKA_BOOTSTRAP_SERVERS: bootstrap, KAFKA_TOPIC_PREFIX: prefix, KAFKA_GROUP_ID: prefix };
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('says what is wrong with each bad line, goes on with the others, and ends with 3', async () => {
    const lines = [
      JSON.stringify(decided),
      '{"specversion": "1.0", oops',
      JSON.stringify({ ...begun, id: undefined }),
      JSON.stringify({ ...begun, type: 'coffee_made' }),
      JSON.stringify({ ...decided, id: 'another', data: { ...decided.data, outcome: 'postponed', dateKnown: 'yes' } }),
      JSON.stringify(begun).replace('"kind"', '"__proto__":{"isAdmin":true},"kind"'),
      '',
      JSON.stringify(begun),
      // Under the name of the application itself, and yet nothing that it has derived.
      JSON.stringify({
        ...EVENT,
        id: 'own',
        source: '/reference',
        type: 'evolution_triggered',
        data: { debateId: 'd-1', decisionId: 'd-1' },
      }),
    ];
    const app = new ReferenceApp(['--input', '-', '--exit', '--json'], { env, stdin: lines.join('\n') });
    const summary = await app.summary(3);
    expect(summary.input).toEqual({ lines: 8, published: 3, rejected: 5 });
    expect(summary.eventsByName).toEqual({ debate_initiated: 1, decision_made: 1, evolution_triggered: 1 });
    expect(summary.decisions.daysToDecide).toEqual({ known: 1, median: 10, max: 10 });
    expect(summary.derived).toEqual({ evolution_triggered: 1, metric_recorded: 1 });
    const reasons = app.stderr.split('\n').filter((line) => line.startsWith('line '));
    expect(reasons).toHaveLength(5);
    expect(reasons[0]).toMatch(/^line 2: not JSON: /);
    expect(reasons[1]).toBe('line 3: attribute id is missing');
    expect(reasons[2]).toBe('line 4: unknown event "coffee_made"');
    expect(reasons[3]).toMatch(/^line 5: .*outcome.*dateKnown/);
    expect(reasons[4]).toBe('line 6: __proto__ is not allowed');
  });

  it('counts an event once over runs on the same data directory, and keeps its log and store there', async () => {
    const dataDir = join(dir, 'kept');
    const args = ['--events', '200', '--exit', '--json', '--data-dir', dataDir];
    const first = await new ReferenceApp(args).summary();
    const second = await new ReferenceApp(args).summary();
    expect(Object.keys(first.eventsByName)).toHaveLength(15);
    expect(Object.values(first.eventsByName).reduce((sum, count) => sum + count)).toBe(200);
    expect(first.derived['evolution_triggered']).toBeGreaterThan(0);
    expect(second.input.published).toBe(200);
    expect(second.outcomes['metrics']).toMatchObject({ delivered: 200, duplicate: 200, handled: 0 });
    for (const part of ['debates', 'decisions', 'evolutions', 'eventsByName', 'derived'] as const)
      expect(second[part]).toEqual(first[part]);
  });

  it('refuses a data directory whose embedded broker runs in another process, and stops at Ctrl-C with what it knows', async () => {
    const dataDir = join(dir, 'busy');
    const first = new ReferenceApp(['--events', '20', '--json', '--data-dir', dataDir]);
    await first.says('Serving');
    const second = await new ReferenceApp(['--input', 'none', '--exit', '--data-dir', dataDir]).ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('[DATA_DIR_IN_USE]');
    expect(second.stdout).toBe('');
    first.kill('SIGINT');
    expect((await first.summary()).input.published).toBe(20);
  });

  it('serves over HTTP what it is asked to, and takes events, until it stops', async () => {
    const app = new ReferenceApp(['--input', 'none', '--json', '--port', '0'], { env });
    await app.says('Serving');
    const [, address] = /^HTTP: (http:\/\/127\.0\.0\.1:\d+)$/m.exec(app.stderr)!;
    expect((await fetch(`${address}/health/ready`)).status).toBe(200);
    const { data, id, type: name } = begun;
    const body = JSON.stringify({ topic: 'debate-events', name, data, id });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    expect((await fetch(`${address}/kafka/events`, init)).status).toBe(201);
    const taken = async (): Promise<boolean> => (await (await fetch(`${address}/stats`)).text()).includes('"handled":1,');
    await expect.poll(taken, { timeout: 30_000 }).toBe(true);
    const second = await new ReferenceApp(['--input', 'none', '--exit', '--port', new URL(address!).port], { env }).ended;
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(/^\[LISTEN_FAILED\] .*EADDRINUSE/m);
    app.kill('SIGTERM');
    expect((await app.summary()).eventsByName).toEqual({ debate_initiated: 1 });
  });

  it('tells people what happened, in words', async () => {
    const { code, stdout, stderr } = await new ReferenceApp(['--events', '40', '--exit'], { env }).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/Input +40 lines/);
    expect(stdout).toMatch(/metrics +\d/);
    expect(stderr).toContain(`Kafka at ${bootstrap}`);
    expect(stderr).toContain('Input: the bundled scenario.');
    // Of Node, e.g. of listeners that seem to leak.
    expect(stderr).not.toMatch(/\(node:\d+\)/);
  });

  it('comes to the same figures without any broker', async () => {
    const run = ['--events', '150', '--exit', '--json'];
    const onBroker = await new ReferenceApp(run, { env }).summary();
    const app = new ReferenceApp(run, { env: { KAFKA_ENABLED: 'false' } });
    const inMemory = await app.summary();
    expect(app.stderr).toContain('Broker: none (KAFKA_ENABLED=false)');
    expect(inMemory.broker).toBe('memory');
    for (const part of ['input', 'outcomes', 'debates', 'decisions', 'evolutions', 'eventsByName', 'derived'] as const) {
      expect(inMemory[part]).toEqual(onBroker[part]);
    }
  });

  it('fails when it cannot read its input', async () => {
    const missing = await new ReferenceApp(['--input', join(dir, 'nowhere.jsonl'), '--exit']).ended;
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/^ENOENT.*nowhere\.jsonl/);
    const directory = await new ReferenceApp(['--input', dir, '--exit'], { env }).ended;
    expect(directory).toMatchObject({ code: 1, stdout: '' });
    expect(directory.stderr).toContain('EISDIR');
  });

  it('explains its options when it does not know one', async () => {
    const { code, stdout, stderr } = await new ReferenceApp(['--prot', '80']).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/--prot/);
    expect(stderr).toContain('Usage: npm start');
  });
});
