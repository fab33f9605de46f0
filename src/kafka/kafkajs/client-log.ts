import kafkajs, { type logCreator } from 'kafkajs';

import type { Notices } from '../../telemetry/notices.js';

/**
 * kafkajs logs at ERROR what it is about to repeat, so its levels say nothing about how bad something is: what matters
 * reaches the caller as a rejection or as a notice of ours, and its lines are notices for whoever wants to look closer. `said` is
 * told the errors among them: of some, the caller is told nothing else.
 */
export function clientLog(notices: Notices, said: (error: string) => void = () => undefined): logCreator {
  return () =>
    ({ namespace, level, log }) => {
      if (level > kafkajs.logLevel.WARN) return;
      const { message, error, broker, groupId, topic, partition } = log;
      if (typeof error === 'string') said(error);
      notices.raise({
        level: 'info',
        code: 'CLIENT_LOG',
        message: typeof error === 'string' ? `${namespace}: ${message}: ${error}` : `${namespace}: ${message}`,
        details: { broker: text(broker), groupId: text(groupId), topic: text(topic), partition: text(partition) },
      });
    };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
