import type { KafkaEventBridge } from '../../bridge/kafka-event-bridge.js';
import type { BusbarError } from '../../errors.js';
import type { Publisher } from '../../outbound/publisher.js';
import type { KafkaAdmin } from '../../kafka/driver.js';
import type { ProcessorManager } from '../../processor/processor-manager.js';
import type { Store } from '../../store/store.js';
import type { Notices } from '../../telemetry/notices.js';
import type { ConsumerRunner } from '../client/consumer-runner.js';
import type { MessageConsumers } from '../client/message-consumers.js';
import type { LagWatch } from '../lag-watch.js';
import type { Lifecycle, LifecycleState } from '../lifecycle.js';
import { BridgeCheck } from './bridge-check.js';
import { BrokerCheck } from './broker-check.js';
import type { Check } from './check.js';
import { ConsumerCheck } from './consumer-check.js';
import type { Health, HealthCheck } from './health.js';
import { HealthMonitor } from './health-monitor.js';
import { ProcessorCheck } from './processor-check.js';
import { ProducerCheck } from './producer-check.js';
import { StoreCheck } from './store-check.js';

/** What the health of a connected service consists of. */
export interface Watched {
  readonly admin: KafkaAdmin;
  /** What the embedded broker of this process has died of. */
  readonly brokerCrash: () => BusbarError | undefined;
  readonly publisher: Publisher;
  readonly bridge: KafkaEventBridge;
  readonly processors: ProcessorManager;
  readonly consumers: MessageConsumers;
  readonly store: Store | undefined;
  readonly lag: Pick<LagWatch, 'latest'>;
}

export function healthMonitor(watched: Watched, notices: Notices): HealthMonitor {
  const { admin, brokerCrash, publisher, bridge, processors, consumers, store, lag } = watched;
  const lasting: readonly Check[] = [
    new BrokerCheck(admin, brokerCrash),
    new ProducerCheck(publisher, () => processors.status().values()),
    ...(store === undefined ? [] : [new StoreCheck(store)]),
    new BridgeCheck(bridge, () => lag.latest('bridge')),
  ];
  const ofProcessors = new Map<string, ProcessorCheck>();
  const ofConsumers = new WeakMap<ConsumerRunner, ConsumerCheck>();
  const checkOf = (consumer: ConsumerRunner): ConsumerCheck => {
    const check = ofConsumers.get(consumer) ?? new ConsumerCheck(consumer, () => lag.latest(consumer.group));
    ofConsumers.set(consumer, check);
    return check;
  };
  return new HealthMonitor(() => {
    for (const name of processors.status().keys()) {
      if (!ofProcessors.has(name)) ofProcessors.set(name, new ProcessorCheck(processors.runner(name), () => lag.latest(name)));
    }
    return [...lasting, ...ofProcessors.values(), ...consumers.all().map(checkOf)];
  }, notices);
}

const NOT_RUNNING: Readonly<Record<Exclude<LifecycleState, 'running'>, readonly [message: string, fix: string]>> = {
  created: ['it was not started', 'await start()'],
  starting: ['it is starting', 'wait for start(): it says what it failed on'],
  stopping: ['it is stopping', 'nothing: it was asked to'],
  stopped: ['it was stopped', 'start a new process, or build a new container: a service starts once'],
  failed: ['it has failed', 'mend what start() or stop() rejected with, then restart the process: a service starts once'],
};

/** Checks everything while the service runs; before and after only the service itself is looked at. */
export async function healthOf(lifecycle: Lifecycle, monitor: HealthMonitor | undefined): Promise<Health> {
  const { checks, fatal } = lifecycle.state === 'running' && monitor !== undefined ? await monitor.round() : { checks: [], fatal: false };
  const { state, since } = lifecycle;
  const ready = state === 'running' && checks.every(({ status }) => status === 'green');
  const service: HealthCheck =
    state === 'running'
      ? { name: 'service', status: 'green', since, message: 'it runs' }
      : { name: 'service', status: 'red', since, message: NOT_RUNNING[state][0], fix: NOT_RUNNING[state][1] };
  return { status: ready ? 'green' : 'red', live: state !== 'failed' && !fatal, ready, checks: [service, ...checks] };
}
