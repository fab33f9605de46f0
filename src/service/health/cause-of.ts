import { BusbarError } from '../../errors.js';

/** An error in one line. The text of errors that are not Busbar's is left out: it may have anything in it, event data and secrets too. */
export function causeOf(error: unknown): string {
  if (error instanceof BusbarError) return error.message.split('\n', 1)[0]!;
  return `${error instanceof Error ? error.name : 'something that is no Error'}; its notice says more`;
}
