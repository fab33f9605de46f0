// What kafkajs does not export and has no types for; the version is pinned.
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    /** Requests that wait to be sent. */
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export interface Header {
    readonly key: string;
    readonly value: Buffer | string;
  }
  export default class Decoder {
    /** Of the headers of one record; nothing else is read with it. */
    readVarIntArray(reader: (decoder: Decoder) => Header): Pick<readonly Header[], 'reduce'>;
  }
}
