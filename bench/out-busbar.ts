import { EventBus } from 'busbar';

import { startClocks, type Contender, type Setting } from './contender.js';
import { decision, DecisionMade } from './decision-made.js';
import { newService } from './service.js';

const IN_FLIGHT = 1_000;

/** `bus.publish` in a service as an application has it: validated, with a receipt for every event. */
export async function outBusbar({ bootstrap, prefix, events }: Setting): Promise<Contender> {
  const { container, service } = newService({ bootstrapServers: bootstrap, topicPrefix: `${prefix}.out-busbar` });
  await service.start();
  const bus = container.get(EventBus);
  let next = 0;

  return {
    async round() {
      const stop = startClocks();
      const end = next + events;
      const publishInTurn = async (): Promise<void> => {
        while (next < end) await bus.publish(new DecisionMade(decision(next++)));
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, publishInTurn));
      return stop(events);
    },
    close: () => service.stop(),
  };
}
