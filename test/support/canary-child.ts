// A process of its own with secrets in its configuration files: prints everything that could be looked at of each service.
// Its arguments are the files; a token for those that log in with one is in the file at CANARY_TOKEN_FILE.
import buffer from 'node:buffer';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import { Container } from 'inversify';

import { KafkaConfig, KafkaService, kafkaModule, TOKENS, type KafkaSettings, type Notice, type Notices } from 'busbar';
import { serveHttp } from 'busbar/http';

import { Audit, OrderPlaced, Orders, OrderShipped } from './shop-application.js';

// Else a buffer shows its first 50 bytes.
buffer.INSPECT_MAX_BYTES = Infinity;

const print = (what: string, value: unknown): void => {
  const seen = inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity, getters: true });
  process.stdout.write(`${what}: ${seen}\n${what} as text: ${String(value)}\n${what} as JSON: ${JSON.stringify(value)}\n`);
};

function printChain(error: unknown): void {
  for (let one = error; one instanceof Error; one = one.cause) {
    print('error', one);
    process.stdout.write(`stack: ${one.stack}\n`);
  }
}

function oauth(file: string): KafkaSettings {
  if (!readFileSync(file, 'utf8').includes('OAUTHBEARER')) return {};
  return {
    oauthBearerProvider: () => ({ value: readFileSync(process.env['CANARY_TOKEN_FILE']!, 'utf8'), expiresAt: Date.now() + 600_000 }),
  };
}

async function look(file: string): Promise<void> {
  const config = KafkaConfig.fromFile(file, {}, oauth(file));
  const container = new Container();
  container.load(kafkaModule({ config, events: [OrderPlaced, OrderShipped], processors: [Orders], listeners: [Audit] }));
  const notices: Notice[] = [];
  container.get<Notices>(TOKENS.Notices).onNotice((notice) => notices.push(notice));
  const service = container.get(KafkaService);
  const http = await serveHttp(service, { port: 0 });
  const error = await service.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  printChain(error);
  if (error === undefined) {
    print('receipt', await service.publishEvent('orders', { orderId: 'a' }, { name: 'order_placed' }));
    print('refusal', await service.publishEvent('orders', { orderId: 1 }, { name: 'order_placed' }).catch((reason: unknown) => reason));
    print('promises', service.promises());
    for (const path of ['/health', '/health/ready', '/stats', '/topics', '/nowhere'])
      print(path, await (await fetch(http.address + path)).text());
  }
  print('config', { ...config });
  print('whole config', config);
  print('login', config.sasl());
  print('TLS', config.tls());
  print('service', service);
  print('container', container);
  print('client', service.client);
  print('health', await service.healthCheck());
  print('stats', service.getStats());
  print('map', service.map());
  print('notices', notices);
  await service.stop();
}

for (const file of process.argv.slice(2)) await look(file);
print('report', process.report.getReport());
process.stdout.write('all was looked at\n');
