import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const { prototype } = RequestQueue;
const schedule = prototype.scheduleCheckPendingRequests;

/**
 * After every answer kafkajs sets a timer to look after requests that wait, for a negative time when none does: Node 24 and
 * later warn of that on stderr. There is no option against it, so without a request that waits there is no timer any more.
 * It is so for everybody who uses this kafkajs.
 */
export function setNoTimersInThePast(): void {
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
}
