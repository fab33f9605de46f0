/** A broker as the pool of kafkajs keeps it, under its number. */
interface PooledBroker {
  nodeId: number | string | undefined;
  readonly connectionPool: { readonly host: string; readonly port: number };
}

/** What kafkajs knows of the brokers of a cluster. */
export interface BrokerPool {
  brokers: Record<string, PooledBroker>;
  readonly metadata: { readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[] } | null;
  metadataExpireAt: number | null;
  refreshMetadata(topics: readonly string[]): Promise<unknown>;
}

/**
 * When kafkajs loses a broker while it is told of all of them, it gives the connection to one broker the number of another.
 * It takes what is for the one to the other then, or sends nothing at all and calls it sent, and it never finds out.
 * So after each time that it was told, every broker has its own number again; one that has lost its place is asked for anew.
 */
export function keepBrokersApart(pool: BrokerPool): void {
  const refresh = pool.refreshMetadata.bind(pool);
  pool.refreshMetadata = async (topics) => {
    try {
      return await refresh(topics);
    } finally {
      giveNumbersBack(pool);
    }
  };
}

function giveNumbersBack(pool: BrokerPool): void {
  const told = pool.metadata?.brokers ?? [];
  for (const [number, broker] of Object.entries(pool.brokers)) {
    const { host, port } = broker.connectionPool;
    const its = told.find((one) => one.host === host && one.port === port)?.nodeId;
    if (its === undefined) continue;
    broker.nodeId = its;
    if (String(its) === number) continue;
    delete pool.brokers[number];
    // Whoever needs the broker of that number asks again.
    pool.metadataExpireAt = null;
  }
}
