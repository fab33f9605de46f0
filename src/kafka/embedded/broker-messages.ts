/** An operation of control.go with its arguments; the field names, in any case, are those of its `operation` type. */
export type Operation =
  | { readonly op: 'stop' | 'moveCoordinators' | 'sweep' | 'crash' }
  | {
      readonly op: 'fail';
      readonly error: string;
      readonly keys: readonly string[];
      readonly count: number;
      readonly nodes?: readonly number[] | undefined;
      readonly topic?: string | undefined;
      readonly partitions?: readonly number[] | undefined;
      readonly group?: string | undefined;
    }
  | {
      readonly op: 'loseAnswers' | 'delay';
      readonly keys: readonly string[];
      readonly count: number;
      readonly addresses: readonly string[];
      readonly ms?: number | undefined;
    }
  | { readonly op: 'hits' | 'remove'; readonly fault: number }
  | { readonly op: 'leader'; readonly topic: string; readonly partition: number }
  | { readonly op: 'moveLeader'; readonly topic: string; readonly partition: number; readonly node: number }
  | { readonly op: 'coordinator'; readonly group: string }
  | { readonly op: 'addNode'; readonly port: number }
  | { readonly op: 'removeNode'; readonly node: number };

/** From the main thread to the worker. */
export interface Call {
  readonly id: number;
  readonly operation: Operation;
}

/** From the worker to the main thread. */
export type Report =
  | { readonly type: 'ready'; readonly addresses: readonly string[] }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'log'; readonly level: 'warn' | 'error'; readonly line: string }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly message: string };
