import { BusbarError, type ErrorCode } from '../../errors.js';
import type { KafkaAdmin } from '../../kafka/driver.js';
import { causeOf } from './cause-of.js';
import { fatal, green, red, seconds, type Check, type Finding } from './check.js';
import { Question, type Answer } from './question.js';

const FIXES: { readonly [K in ErrorCode]?: string } = {
  TLS_FAILED: 'renew the certificate that it names; where a setting of this service has to change, restart it then',
  AUTHENTICATION_FAILED:
    'check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the user still exists, and restart after a change; with OAUTHBEARER look at what gets the tokens: it is tried again',
  AUTHORIZATION_FAILED: 'grant the user of the service what it was refused',
};

const REACH = 'see that the brokers run and that the network lets this process reach them; everything goes on by itself once one answers';

/** Whether a broker answers. One of several is enough. */
export class BrokerCheck implements Check {
  readonly name = 'broker';
  readonly #question: Question;
  readonly #crash: () => BusbarError | undefined;
  #answer: Answer = { kind: 'yes' };

  /** `crash` tells what the embedded broker of this process has died of. */
  constructor(admin: Pick<KafkaAdmin, 'brokers'>, crash: () => BusbarError | undefined) {
    this.#question = new Question(() => admin.brokers());
    this.#crash = crash;
  }

  async ask(): Promise<void> {
    this.#answer = await this.#question.ask();
  }

  look(): Finding {
    const crash = this.#crash();
    if (crash !== undefined) return fatal(causeOf(crash), 'restart the process: the embedded broker lives in it');
    const answer = this.#answer;
    if (answer.kind === 'yes') return green('a broker answers');
    if (answer.kind === 'late') return red(`[BROKER_UNREACHABLE] no broker has answered for ${seconds(answer.ms)}`, REACH);
    const code = answer.error instanceof BusbarError ? answer.error.code : undefined;
    return red(causeOf(answer.error), (code === undefined ? undefined : FIXES[code]) ?? REACH);
  }
}
