import type { OutcomeCounts } from 'busbar';

import type { InputCounts } from './feeder.js';

/** How far a run is. */
export interface ProgressState {
  readonly input: InputCounts;
  /** Of every processor. */
  readonly outcomes: readonly OutcomeCounts[];
}

type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

const REWRITE_EVERY_MS = 100;
const LINE_EVERY_MS = 1000;
const ERASE = '\r\u001B[K';

/** Shows how far a run is: one line that is rewritten on a terminal, a line a second elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #state: () => ProgressState;
  #timer: NodeJS.Timeout | undefined;
  #last = '';

  constructor(output: Output, state: () => ProgressState) {
    this.#output = output;
    this.#state = state;
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), this.#output.isTTY ? REWRITE_EVERY_MS : LINE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.end();
  }

  /** Writes a line of its own. */
  say(text: string): void {
    if (this.#output.isTTY && this.#last !== '') this.#output.write(ERASE);
    this.#last = '';
    this.#output.write(`${text}\n`);
  }

  /** Shows the latest figures and leaves them standing: somebody else writes the next line. */
  end(): void {
    if (this.#last === '') return;
    this.#show();
    if (this.#output.isTTY) this.#output.write('\n');
    this.#last = '';
  }

  #show(): void {
    const text = textOf(this.#state());
    if (text === this.#last) return;
    this.#last = text;
    this.#output.write(this.#output.isTTY ? `${ERASE}${text}` : `${text}\n`);
  }
}

function textOf({ input: { published, rejected }, outcomes }: ProgressState): string {
  const delivered = outcomes.reduce((sum, counts) => sum + counts.delivered, 0);
  const inFlight = outcomes.reduce((sum, counts) => sum + counts.inFlight, 0);
  const refused = rejected === 0 ? '' : `, ${rejected} rejected`;
  return `published ${published} from the input${refused}, settled ${delivered - inFlight}, in flight ${inFlight}`;
}
