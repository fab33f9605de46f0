// The record batch of Kafka, format v2: what its reader and its writer have to agree on.

/** Bytes up to the end of the field that says how long the rest is. */
export const LENGTH_END = 12;
export const MAGIC = 2;
/** Bits of the attributes. */
export const CODEC_MASK = 7;
export const TRANSACTIONAL = 16;
