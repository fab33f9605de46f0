import { describe, expect, it } from 'vitest';

import { TopicNames, topicSpec } from '../../src/kafka/topics.js';

const invalid = expect.objectContaining({ code: 'TOPIC_INVALID' });

describe('the names of topics', () => {
  it('carry the prefix, and dead letters the suffix', () => {
    const names = new TopicNames('prod');
    expect(names.topic('debate-events')).toBe('prod.debate-events');
    expect(names.deadLetter('prod.debate-events')).toBe('prod.debate-events.dead-letter');
    expect(names.base('prod.debate-events')).toBe('debate-events');
  });

  it('are the plain names without a prefix', () => {
    const names = new TopicNames();
    expect(names.topic('debate-events')).toBe('debate-events');
    expect(names.base('debate-events')).toBe('debate-events');
  });

  it('outside the prefix are left as they are', () => {
    expect(new TopicNames('prod').base('production.debates')).toBe('production.debates');
  });

  it.each(['', '.', '..', 'a b', 'a/b', 'é', 'a\n', 'x'.repeat(250)])('refuse what Kafka refuses: %j', (name) => {
    expect(() => new TopicNames().topic(name)).toThrow(invalid);
  });

  it.each([undefined, null, 7, Symbol('orders'), ['orders']])('refuse what is no text, also where it would make a name: %s', (name) => {
    for (const names of [new TopicNames(), new TopicNames('prod')]) expect(() => names.topic(name as never)).toThrow(invalid);
  });

  it('refuse an empty topic behind a prefix, a bad prefix, and a dead letter topic that is too long', () => {
    expect(() => new TopicNames('prod').topic('')).toThrow(invalid);
    expect(() => new TopicNames('a b')).toThrow(invalid);
    const longest = 'x'.repeat(249);
    expect(new TopicNames().topic(longest)).toBe(longest);
    expect(() => new TopicNames().deadLetter(longest)).toThrow(invalid);
  });
});

describe('how a topic is created', () => {
  const settings = { partitions: 3, retentionMs: 604_800_000 };

  it('lets one copy be missing, unless told otherwise', () => {
    expect(topicSpec('p.debate-events', settings, { replicationFactor: 3 })).toEqual({
      topic: 'p.debate-events',
      partitions: 3,
      replicationFactor: 3,
      configs: { 'retention.ms': '604800000', 'min.insync.replicas': '2' },
    });
    expect(topicSpec('t', settings, { replicationFactor: 1 }).configs['min.insync.replicas']).toBe('1');
    expect(topicSpec('t', settings, { replicationFactor: 3, minInsyncReplicas: 3 }).configs['min.insync.replicas']).toBe('3');
  });

  it('leaves the copies to the broker when it is asked to choose', () => {
    expect(topicSpec('t', settings, { replicationFactor: -1 }).configs).not.toHaveProperty('min.insync.replicas');
  });
});
