import { BusbarError } from '../../errors.js';
import type { KafkaAdmin } from '../../kafka/driver.js';
import { Question } from '../health/question.js';

/** Whether the cluster answers. */
export interface BrokerHealth {
  readonly reachable: boolean;
  /** From the question to the answer, as this process sees it, in ms. */
  readonly roundTripMs?: number | undefined;
  /** How many brokers the cluster has. */
  readonly brokers?: number | undefined;
  /** Why it is not reachable. */
  readonly error?: BusbarError | undefined;
}

/** Asks the cluster whether it is there, and how long the answer takes. */
export class BrokerProbe {
  readonly #question: Question;
  #answer: BrokerHealth = { reachable: true };

  constructor(admin: Pick<KafkaAdmin, 'brokers'>) {
    this.#question = new Question(async () => {
      const begun = performance.now();
      const brokers = await admin.brokers();
      this.#answer = { reachable: true, roundTripMs: performance.now() - begun, brokers };
    });
  }

  /** Resolves within 3 s, and never rejects. */
  async ask(): Promise<BrokerHealth> {
    const answer = await this.#question.ask();
    if (answer.kind === 'yes') return this.#answer;
    if (answer.kind === 'no') return unreachable(answer.error);
    return unreachable(new BusbarError('BROKER_UNREACHABLE', `no broker has answered for ${answer.ms} ms`, { retriable: true }));
  }
}

/** For an answer that is none. */
export function unreachable(error: unknown): BrokerHealth {
  const known = error instanceof BusbarError ? error : new BusbarError('KAFKA_FAILED', 'the brokers could not be asked', { cause: error });
  return { reachable: false, error: known };
}
