/** How the records of a batch may be compressed. */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** What a batch may take when it is inflated, in bytes. A thousand times smaller it passes through any limit of a broker. */
export const MOST_INFLATED = 128 * 1024 * 1024;

/** One way to compress the records of a batch, as Kafka's own clients do it. */
export interface Compressor {
  /** Rejects `COMPRESSION_MISSING`. */
  compress(bytes: Buffer): Promise<Buffer>;
  /**
   * Rejects `BATCH_UNREADABLE` for what was not written by this way of compressing, and for what would inflate to more than
   * `MOST_INFLATED` bytes, before the memory is spent. Rejects `COMPRESSION_MISSING`.
   */
  decompress(bytes: Buffer): Promise<Buffer>;
}
