import type { KafkaSettings } from '../../src/config/kafka-config.js';
import { application } from './shop-application.js';

/** What a start is rejected with: HOST stands for the address, and (…) for what the other side or Node.js has said. */
export async function startError(address: string, settings: KafkaSettings): Promise<string> {
  const { service } = await application({ bootstrapServers: address, ...settings });
  const error = await service.start().then(
    () => new Error('it has started'),
    (reason: unknown) => reason as Error,
  );
  if (service.state !== 'failed') return `it is ${service.state}`;
  return settled(error.message, address);
}

/** The text without what is not the same everywhere. */
export function settled(message: string, address: string): string {
  return message.replaceAll(address, 'HOST').replace(/\((?:[^()]|\([^()]*\))*\)/, '(…)');
}
