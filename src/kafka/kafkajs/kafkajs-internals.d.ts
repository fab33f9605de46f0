// What kafkajs does not export and has no types for; the version is pinned.
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    /** Requests that wait to be sent. */
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
}
