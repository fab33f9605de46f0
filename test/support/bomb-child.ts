import { BusbarError } from '../../src/errors.js';
import { COMPRESSORS } from '../../src/kafka/compression/compressors.js';
import { BOMBS } from './bombs.js';

// Tells, a line for each bomb, what it was refused with, and how much memory this process has ever had, in MiB.
const compression = process.argv[2] as keyof typeof BOMBS;
for (const [name, make] of Object.entries<() => Buffer | Promise<Buffer>>(BOMBS[compression])) {
  let refusal = 'nothing';
  try {
    await COMPRESSORS[compression].decompress(await make());
  } catch (error) {
    refusal = error instanceof BusbarError ? error.message : String(error);
  }
  console.log(JSON.stringify({ name, refusal, memory: Math.ceil(process.resourceUsage().maxRSS / 1024) }));
}
