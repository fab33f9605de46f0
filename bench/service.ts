import { KafkaConfig, KafkaService, kafkaModule, type KafkaModuleOptions, type KafkaSettings, TOKENS } from 'busbar';
import { Container } from 'inversify';

import type { Notices } from '../src/telemetry/notices.js';
import { DecisionMade } from './decision-made.js';

/** A service put together as an application does it, with the defaults of Busbar. Not started. */
export function newService(settings: KafkaSettings, options: Partial<KafkaModuleOptions> = {}) {
  const config = KafkaConfig.from({ serviceName: 'bench', ...settings });
  const container = new Container();
  container.load(kafkaModule({ config, events: [DecisionMade], ...options }));
  container.get<Notices>(TOKENS.Notices).onNotice(({ level, code, message }) => {
    // A benchmark has one broker and says so; everything worse spoils its figures.
    if (level !== 'info' && code !== 'CONFIG_WARNING') console.error(`${code}: ${message}`);
  });
  return { container, service: container.get(KafkaService) };
}
