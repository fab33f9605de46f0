import 'reflect-metadata';

import { Allow, IsString } from 'class-validator';
import { Container, injectable } from 'inversify';
import { describe, expect, it } from 'vitest';

import { assemble } from '../../processors/reference/application.js';
import { Listens } from '../../src/bus/listens.js';
import { KafkaConfig } from '../../src/config/kafka-config.js';
import { DomainEvent } from '../../src/event/domain-event.js';
import { Handles } from '../../src/processor/handles.js';
import { ProcessorOptions } from '../../src/processor/processor-options.js';
import { Processor } from '../../src/processor/processor.js';
import { kafkaModule, type KafkaModuleOptions } from '../../src/service/kafka-module.js';
import { KafkaService } from '../../src/service/kafka-service.js';
import { ServiceMap } from '../../src/service/map/service-map.js';
import type { Store } from '../../src/store/store.js';
import { expectGolden } from '../support/golden.js';

@DomainEvent({ name: 'order_placed', topic: 'orders', key: 'orderId' })
class OrderPlaced {
  @IsString() readonly orderId!: string;
}

@DomainEvent({ name: 'order_placed', version: 2, topic: 'orders', key: ({ orderId }: { orderId: string }) => orderId })
class OrderPlacedInFull {
  @IsString() readonly orderId!: string;
}

@DomainEvent({ name: 'order_shipped', topic: 'shipments', direction: 'out' })
class OrderShipped {
  @Allow() readonly orderId!: string;
}

@DomainEvent({ name: 'cache_cleared', topic: 'orders', direction: 'local' })
class CacheCleared {
  @IsString() readonly cache!: string;
}

@ProcessorOptions({ name: 'shipping', publishes: [OrderShipped] })
@injectable()
class Shipping extends Processor {
  @Handles(OrderPlacedInFull) inFull(_event: OrderPlacedInFull): void {}
  @Handles(OrderPlaced) placed(_event: OrderPlaced): void {}
}

@injectable()
class Audit {
  @Listens(CacheCleared)
  @Listens(OrderShipped)
  wrote(_event: object): void {}
}

function mapOf(options: Partial<KafkaModuleOptions> = {}): ServiceMap {
  const topics = { orders: {}, shipments: {} };
  const config = KafkaConfig.from({ serviceName: 'shop', bootstrapServers: '127.0.0.1:1', topicPrefix: 'eu', groupId: 'g', topics });
  const events = [OrderPlaced, OrderPlacedInFull, CacheCleared, OrderShipped];
  const container = new Container();
  container.load(kafkaModule({ config, events, processors: [Shipping], listeners: [Audit], ...options }));
  return container.get(KafkaService).map();
}

describe('the map of a service', () => {
  it('says who publishes, handles and hears what, before the service has started', () => {
    expect({ ...mapOf() }).toEqual({
      service: 'shop',
      events: [
        { label: 'order_placed', name: 'order_placed', version: 1, topic: 'orders', direction: 'both', key: 'orderId' },
        { label: 'order_placed v2', name: 'order_placed', version: 2, topic: 'orders', direction: 'both', key: 'computed' },
        { label: 'cache_cleared', name: 'cache_cleared', version: 1, topic: 'orders', direction: 'local', key: undefined },
        { label: 'order_shipped', name: 'order_shipped', version: 1, topic: 'shipments', direction: 'out', key: undefined },
      ],
      topics: [
        { name: 'orders', fullName: 'eu.orders', events: ['order_placed', 'order_placed v2'] },
        { name: 'shipments', fullName: 'eu.shipments', events: ['order_shipped'] },
      ],
      processors: [
        {
          name: 'shipping',
          className: 'Shipping',
          group: 'g.shipping',
          handles: ['order_placed', 'order_placed v2'],
          publishes: ['order_shipped'],
        },
      ],
      listeners: [{ name: 'Audit.wrote', hears: ['cache_cleared', 'order_shipped'] }],
      findings: [],
    });
  });

  it('is plain data as JSON, a text as a string', () => {
    const map = mapOf();
    expect(JSON.parse(JSON.stringify(map))).toMatchObject({ service: 'shop', topics: [{ name: 'orders' }, { name: 'shipments' }] });
    expect(`${map.toString()}\n`).toBe(`service shop

topic orders (on the broker: eu.orders)
  order_placed     both  key orderId   handled by shipping
  order_placed v2  both  key computed  handled by shipping

topic shipments (on the broker: eu.shipments)
  order_shipped  out  no key  published by shipping; heard by Audit.wrote

in this process only
  cache_cleared  local  no key  heard by Audit.wrote

processor shipping (Shipping, consumer group g.shipping)
  handles    order_placed, order_placed v2
  publishes  order_shipped

listener Audit.wrote
  hears      cache_cleared, order_shipped
`);
  });

  it('can be had of an application that would not start, and says why', () => {
    class Undecorated {}
    const map = mapOf({ events: [OrderPlaced, Undecorated, undefined as never], processors: [Shipping, undefined as never] });
    expect(map.events.map(({ label }) => label)).toEqual(['order_placed', 'order_placed v2', 'order_shipped', 'cache_cleared']);
    expect(map.findings.map(({ where, what }) => `${where} ${what}`)).toContain('Undecorated is in `events` and is no event');
    expect(map.toString()).toMatch(/\n\nerrors\n(.*\n)* {2}Undecorated is in `events` and is no event\n {4}fix: decorate/);
  });

  it('draws an arrow for a whole topic, and each event of another', () => {
    expect(mapOf().toMermaid()).toBe(`flowchart LR
  subgraph t1["orders"]
    e1["order_placed"]
    e2["order_placed v2"]
  end
  subgraph t2["shipments"]
    e4["order_shipped"]
  end
  subgraph t0["in this process only"]
    e3["cache_cleared"]
  end
  p1(["shipping"])
  l1[/"Audit.wrote"/]
  t1 --> p1
  e3 --> l1
  e4 --> l1
  p1 -. publishes .-> e4`);
  });

  it('gives no name a meaning: neither to Mermaid nor to a terminal', () => {
    const hostile = [
      'end',
      'a"b',
      'x]-->y',
      '`code`',
      '__proto__',
      '1. list',
      '#35;',
      'a\nb\u001b[31m',
      '<b>&',
      '😀',
      'click e1 "javascript:x"',
    ];
    const map = new ServiceMap({
      service: 'shop\u001b[0m',
      events: hostile.map((label) => ({ label, name: label, version: 1, topic: 'T"', direction: 'both', key: undefined })),
      topics: [{ name: 'T"', fullName: 'T"', events: hostile }],
      processors: [{ name: 'end', className: 'P\u0007', group: 'g', handles: hostile.slice(0, 1), publishes: [] }],
      listeners: [{ name: 'subgraph', hears: hostile.slice(1, 2) }],
      findings: [],
    });
    expect(map.toMermaid()).toBe(`flowchart LR
  subgraph t1["T#34;"]
    e1["end"]
    e2["a#34;b"]
    e3["x#93;#45;#45;#62;y"]
    e4["#96;code#96;"]
    e5["#95;#95;proto#95;#95;"]
    e6["1#46; list"]
    e7["#35;35#59;"]
    e8["a b #91;31m"]
    e9["#60;b#62;#38;"]
    e10["#128512;"]
    e11["click e1 #34;javascript#58;x#34;"]
  end
  p1(["end"])
  l1[/"subgraph"/]
  e1 --> p1
  e2 --> l1`);
    expect(map.toString()).not.toMatch(/[^\P{Cc}\n]/u);
    expect(map.toString()).toContain('a\u{FFFD}b\u{FFFD}[31m');
  });

  it('of the reference application reads well (UPDATE_GOLDEN=1 writes it)', () => {
    const config = KafkaConfig.from({ serviceName: 'reference', bootstrapServers: 'embedded' });
    const map = assemble(config, {} as Store)
      .get(KafkaService)
      .map();
    expect(map.findings).toEqual([]);
    expectGolden('reference-map.txt', `${map.toString()}\n`);
    expectGolden('reference-map.mmd', `${map.toMermaid()}\n`);
  });
});
