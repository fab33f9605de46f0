import { BusbarError } from '../../src/errors.js';
import { COMPRESSORS } from '../../src/kafka/compression/compressors.js';
import { Random } from './random.js';

// Reads batches with wrong bytes in them; tells how many it was refused. Ends with an error when one is refused in another way than
// it should. In a process of its own, since what goes wrong may be an endless loop, or the end of the process.
const name = process.argv[2] as keyof typeof COMPRESSORS;
const TRIES = 3_000;
const chance = new Random(20_261_121);

const text = Array.from({ length: 300 }, (_, i) => `{"debateId":"d-${i}"}`).join('\n');
const { compress, decompress } = COMPRESSORS[name];
const whole = await compress(Buffer.from(text));

let refused = 0;
for (let i = 0; i < TRIES; i++) {
  const damaged = Buffer.from(whole.subarray(0, chance.chance(0.2) ? chance.below(whole.length) : whole.length));
  for (let n = 1 + chance.below(4); n > 0 && damaged.length > 0; n--) {
    const reach = chance.chance(0.5) ? 32 : damaged.length;
    damaged[chance.below(Math.min(reach, damaged.length))] = chance.below(256);
  }
  try {
    await decompress(damaged);
  } catch (error) {
    if (!(error instanceof BusbarError) || error.code !== 'BATCH_UNREADABLE') throw error;
    refused++;
  }
}
console.log(JSON.stringify({ tried: TRIES, refused }));
