import { EventBus, Handles, Processor, ProcessorOptions } from 'busbar';
import { injectable } from 'inversify';

import type { Contender, Setting } from './contender.js';
import { decision, DecisionMade } from './decision-made.js';
import { Latencies } from './latencies.js';
import { newService } from './service.js';

/** `bus.publish` to a processor without store, in one service, with its defaults. */
export async function latencyBusbar({ bootstrap, prefix, seconds }: Setting): Promise<Contender> {
  const latencies = new Latencies();

  @ProcessorOptions({ name: 'reader' })
  @injectable()
  class Reader extends Processor {
    @Handles(DecisionMade) made({ votes }: DecisionMade): void {
      latencies.heard(votes);
    }
  }

  const { container, service } = newService({ bootstrapServers: bootstrap, topicPrefix: prefix }, { processors: [Reader] });
  await service.start();
  const bus = container.get(EventBus);
  return {
    round: () => latencies.round(seconds / 3, (n) => bus.publish(new DecisionMade(decision(n)))),
    close: () => service.stop(),
  };
}
