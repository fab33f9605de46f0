/** Which tests of this repository show what the ledger says; a test checks that they are there. */
export const SHOWN_BY = {
  publishing: ['test/unit/bus-outlet.test.ts', 'test/unit/outbound/failing-sends.test.ts', 'test/integration/kafkajs-producing.test.ts'],
  outboundOrder: ['test/unit/outbound/queue.test.ts', 'test/integration/outbound.test.ts'],
  durability: ['test/unit/topic-plan.test.ts', 'test/unit/promise-ledger.test.ts'],
  processing: ['test/unit/partition-line.test.ts', 'test/integration/processor-failures.test.ts', 'test/integration/beginning.test.ts'],
  handlingOrder: ['test/unit/partition-line.test.ts', 'test/integration/kafkajs-consuming.test.ts'],
  inbox: ['test/chaos-long/boundaries.test.ts', 'test/unit/settling-store.test.ts', 'test/unit/inbox-pruning.test.ts'],
  bestEffort: ['test/unit/settling-copies.test.ts', 'test/integration/reference-without-inbox.test.ts'],
  store: ['test/contract/sqlite-store.test.ts', 'test/contract/sqlite-processes.test.ts'],
  staged: ['test/integration/processor-transactions.test.ts', 'test/chaos-long/boundaries.test.ts'],
  staging: ['test/integration/processor-handling.test.ts'],
  listening: ['test/unit/bus-listeners.test.ts', 'test/unit/bus-listens.test.ts'],
  heard: ['test/unit/bus-mirrored.test.ts'],
  mirror: ['test/integration/mirror.test.ts', 'test/unit/bus-mirrored.test.ts'],
  memory: ['test/unit/service-in-memory.test.ts'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
