import { withoutAmbient } from '../../bus/ambient.js';
import { HandlerCall } from '../../inbound/handler-call.js';
import type { Identity } from '../../inbound/settler.js';
import type { Task } from '../../inbound/task.js';
import type { InRecord } from '../../kafka/record.js';
import type { MaybePromise } from '../../maybe-promise.js';
import { Message } from './message.js';

/** What a handler of messages is told beside the message. */
export interface MessageContext {
  /** 1 for the first attempt at this delivery. */
  readonly attempt: number;
  /** Aborted when the result is no longer wanted: the handler timed out, or the partition was taken away. */
  readonly signal: AbortSignal;
}

/** The message is settled when it has returned or its promise has resolved. */
export type MessageHandler = (message: Message, ctx: MessageContext) => void | Promise<void>;

/** What a record asks of a consumer: to handle the message, whatever is in it. It is recognised by its place on the log. */
export class MessageTask implements Task {
  readonly kind = 'task';
  readonly identity: Identity;
  readonly name: string;

  constructor(
    private readonly record: InRecord,
    private readonly topic: string,
    private readonly handler: MessageHandler,
  ) {
    const { partition, offset, timestamp } = record;
    this.identity = { source: record.topic, id: `${partition}@${offset}@${timestamp}` };
    this.name = `${topic}/${partition}@${offset}`;
  }

  newCall(attempt: number, outer: AbortSignal): HandlerCall {
    return new MessageCall(new Message(this.record, this.topic), this.handler, attempt, outer);
  }
}

class MessageCall extends HandlerCall implements MessageContext {
  constructor(
    private readonly message: Message,
    private readonly handler: MessageHandler,
    attempt: number,
    outer: AbortSignal,
  ) {
    super(attempt, outer);
  }

  /** Without the cause of whoever called `consume`: its handler may have ended long ago. */
  run(): MaybePromise<void> {
    return withoutAmbient(() => this.handler(this.message, this));
  }
}
