/** How long handlers may go on when something is taken from them, in ms: so that what they did by then can still be committed. */
export const HANDLERS_MS = 9_000;

/** Milliseconds until `deadline` (ms since 1970), never negative. */
export function remaining(deadline: number): number {
  return Math.max(0, deadline - Date.now());
}

/** Whether the promise settles before `deadline` (ms since 1970). A rejection is the caller's to handle. */
export async function settlesBefore(promise: Promise<unknown>, deadline: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), remaining(deadline));
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
