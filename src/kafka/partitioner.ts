/**
 * The partition of a key among `count` partitions, as the Java client chooses it: producers of both kinds put the
 * events of one key on the same partition.
 */
export function partitionFor(key: Buffer, count: number): number {
  return (murmur2(key) & 0x7fff_ffff) % count;
}

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** MurmurHash2, 32 bits, with the seed of Kafka's Java client. Answers a signed 32-bit integer, as Java does. */
export function murmur2(bytes: Buffer): number {
  const length = bytes.length;
  const tail = length & ~3;
  let hash = SEED ^ length;

  for (let at = 0; at < tail; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }

  if (tail < length) {
    if (length - tail > 2) hash ^= bytes[tail + 2]! << 16;
    if (length - tail > 1) hash ^= bytes[tail + 1]! << 8;
    hash = Math.imul(hash ^ bytes[tail]!, MULTIPLIER);
  }

  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
