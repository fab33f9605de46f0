import { describe, expect, it } from 'vitest';

import { DEFAULT_TOPICS, TopicNames, topicSpec } from '../../src/kafka/topics.js';

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

  it('refuse an empty topic behind a prefix, a bad prefix, and a dead letter topic that is too long', () => {
    expect(() => new TopicNames('prod').topic('')).toThrow(invalid);
    expect(() => new TopicNames('a b')).toThrow(invalid);
    const longest = 'x'.repeat(249);
    expect(new TopicNames().topic(longest)).toBe(longest);
    expect(() => new TopicNames().deadLetter(longest)).toThrow(invalid);
  });
});

describe('the topics that need no configuration', () => {
  it('are five, of three partitions, kept for 7, 30, 90, 7 and 7 days', () => {
    const days = DEFAULT_TOPICS.map(({ name, partitions, retentionMs }) => [name, partitions, retentionMs / 86_400_000]);
    expect(days).toEqual([
      ['debate-events', 3, 7],
      ['decision-events', 3, 30],
      ['evolution-events', 3, 90],
      ['webhook-events', 3, 7],
      ['metrics-events', 3, 7],
    ]);
  });

  it('are created so that one replica may be missing', () => {
    const names = new TopicNames('p');
    expect(topicSpec(names, DEFAULT_TOPICS[0]!, 3)).toEqual({
      topic: 'p.debate-events',
      partitions: 3,
      replicationFactor: 3,
      configs: { 'retention.ms': '604800000', 'min.insync.replicas': '2' },
    });
    expect(topicSpec(names, DEFAULT_TOPICS[0]!, 1).configs['min.insync.replicas']).toBe('1');
    expect(topicSpec(names, DEFAULT_TOPICS[0]!, -1).configs).not.toHaveProperty('min.insync.replicas');
  });
});
