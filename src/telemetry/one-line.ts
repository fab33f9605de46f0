// eslint-disable-next-line no-control-regex -- they are what is taken out
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** A text without control characters: what comes from outside may hold line breaks, to look like a line of ours, and codes for a terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(CONTROL, ' ');
}
