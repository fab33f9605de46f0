import { describe, expect, it } from 'vitest';

import type { EventContext } from '../../src/bus/event-context.js';
import { attachListeners, Listens } from '../../src/bus/listens.js';
import { CacheCleared, order, OrderPlaced, setUp } from '../support/shop.js';

class Audit {
  readonly log: string[] = [];

  @Listens(OrderPlaced)
  placed(event: OrderPlaced, ctx: EventContext): void {
    this.log.push(`placed ${event.orderId} ${ctx.metadata.name}`);
  }

  @Listens(OrderPlaced, { priority: 1 })
  first(): void {
    this.log.push('first');
  }

  @Listens(CacheCleared)
  async cleared(): Promise<void> {
    await Promise.resolve();
    throw new Error('unclear');
  }
}

class LoudAudit extends Audit {
  @Listens(OrderPlaced)
  override placed(event: OrderPlaced): void {
    this.log.push(`PLACED ${event.orderId}`);
  }

  override first(): void {
    this.log.push('FIRST');
  }
}

describe('@Listens', () => {
  it('lets methods hear, with their object as this, until they are detached', async () => {
    const { bus } = setUp();
    const audit = new Audit();
    const detach = attachListeners(bus, audit);
    await bus.publish(order('o-1'));
    expect(audit.log).toEqual(['first', 'placed o-1 order_placed']);
    detach();
    await bus.publish(order('o-2'));
    expect(audit.log).toHaveLength(2);
  });

  it('names the method in what it reports', async () => {
    const { bus } = setUp();
    attachListeners(bus, new Audit());
    expect(await bus.publish(new CacheCleared())).toMatchObject({ listenerErrors: [{ listener: 'Audit.cleared' }] });
  });

  it('is inherited; a method that is overridden hears once', async () => {
    const { bus } = setUp();
    const audit = new LoudAudit();
    attachListeners(bus, audit);
    await bus.publish(order('o-1'));
    expect(audit.log).toEqual(['FIRST', 'PLACED o-1']);
    const plain = new Audit();
    attachListeners(setUp().bus, plain);
    expect(plain.log).toEqual([]);
  });

  it('is what an object needs to be attached', () => {
    class Deaf {}
    expect(() => attachListeners(setUp().bus, new Deaf())).toThrow(
      expect.objectContaining({ code: 'WIRING_INVALID', message: expect.stringContaining('Deaf') }),
    );
  });

  it('refuses methods that take another event, when compiled', () => {
    class Wrong {
      // @ts-expect-error the method takes another event than the decorator names
      @Listens(CacheCleared)
      placed(event: OrderPlaced): void {
        void event.orderId;
      }

      // @ts-expect-error only methods listen
      @Listens(OrderPlaced)
      readonly name: string = 'wrong';
    }
    expect(Wrong).toBeDefined();
  });
});
