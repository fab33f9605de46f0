import { EventEmitter } from 'node:events';

import { validateSync } from 'class-validator';

import { EventBus } from 'busbar';
import { Notices } from '../src/telemetry/notices.js';
import { startClocks, type Contender, type Setting } from './contender.js';
import { decision, DecisionMade } from './decision-made.js';

const LISTENERS = 3;
/** Nothing leaves the process, so a round of as many events would be over before it can be measured. */
const MORE = 10;

/** Each `publish` awaited before the next one. */
export async function busBusbar({ events }: Setting): Promise<Contender> {
  const bus = new EventBus({ source: '/bench', notices: new Notices() });
  let heard = 0;
  for (let i = 0; i < LISTENERS; i++) bus.subscribe(DecisionMade, ({ votes }) => void (heard += votes));
  return rounds(events * MORE, (n) => bus.publish(new DecisionMade(decision(n))));
}

/** What one would write by hand: class-validator's own validation and an emitter of Node. */
export async function busEmitter({ events }: Setting): Promise<Contender> {
  const emitter = new EventEmitter();
  let heard = 0;
  for (let i = 0; i < LISTENERS; i++) emitter.on('decision_made', ({ votes }: DecisionMade) => void (heard += votes));
  return rounds(events * MORE, (n) => {
    const event = new DecisionMade(decision(n));
    if (validateSync(event).length > 0) throw new TypeError('invalid');
    emitter.emit('decision_made', event);
  });
}

function rounds(events: number, publish: (n: number) => unknown): Contender {
  return {
    async round() {
      const stop = startClocks();
      for (let n = 0; n < events; n++) await publish(n);
      return stop(events);
    },
    close: () => Promise.resolve(),
  };
}
