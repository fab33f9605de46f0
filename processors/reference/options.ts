import { parseArgs } from 'node:util';

/** What the command line says. */
export interface Options {
  /** A file, `-` for standard input, `none`; undefined: the bundled scenario. */
  readonly input: string | undefined;
  /** Stop once everything has been settled. */
  readonly exit: boolean;
  /** One JSON object on stdout, everything else on stderr. */
  readonly json: boolean;
  /** Where log and store are kept; undefined: in a temporary directory. */
  readonly dataDir: string | undefined;
  /** Size of the bundled scenario. */
  readonly events: number;
  /** Where HTTP is served, on this machine; 0: a port that is free; undefined: not served. */
  readonly port: number | undefined;
  readonly help: boolean;
}

export const USAGE = `Usage: npm start -- [options]

  --input FILE|-|none  CloudEvents, one JSON object a line, from a file or from standard input; none: feed nothing.
                       Without it a bundled scenario is fed.
  --events N           Size of the bundled scenario: 1 to 10,000,000 events (2,000).
  --exit               Stop once every event, and every event derived from one, has been settled.
  --json               One JSON object on stdout, everything else on stderr. (npm prints two lines of its own
                       before it; npm start -s keeps them back.)
  --data-dir DIR       Keep the log of the embedded broker and the store in DIR; without it they are temporary.
  --port N             Serve health, stats, topics and events over HTTP, to this machine only; 0: a port that is free.
  --help               Show this.

KAFKA_BOOTSTRAP_SERVERS=host:port,... uses these servers; without it the embedded broker is started.
Exit code: 0, 3 when a line of the input was rejected, 1 on failure.
`;

/** The command line cannot be understood; the message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_EVENTS = 2000;
const MAX_EVENTS = 10_000_000;
const MAX_PORT = 65_535;

/** Throws `UsageError`. */
export function parseOptions(argv: readonly string[]): Options {
  const { input, events, exit, json, 'data-dir': dataDir, port, help } = parse(argv);
  if (input === '' || dataDir === '') throw new UsageError(`${input === '' ? '--input' : '--data-dir'} needs a value`);
  if (events !== undefined && input !== undefined) throw new UsageError('--events is the size of the bundled scenario: leave out --input');
  return {
    input,
    exit,
    json,
    dataDir,
    help,
    events: events === undefined ? DEFAULT_EVENTS : eventsOf(events),
    port: port === undefined ? undefined : portOf(port),
  };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        input: { type: 'string' },
        events: { type: 'string' },
        exit: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function eventsOf(given: string): number {
  const events = /^\d{1,8}$/.test(given) ? Number(given) : 0;
  if (events < 1 || events > MAX_EVENTS)
    throw new UsageError(`--events must be an integer from 1 to 10,000,000, not ${JSON.stringify(given)}`);
  return events;
}

function portOf(given: string): number {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (!(port <= MAX_PORT)) throw new UsageError(`--port must be an integer from 0 to ${MAX_PORT}, not ${JSON.stringify(given)}`);
  return port;
}
