// The embedded broker, until its parent lets go of it.
import { once } from 'node:events';

import { startEmbeddedKafka } from 'busbar/embedded';

const kafka = await startEmbeddedKafka();
process.send!(kafka.bootstrap);
await once(process, 'disconnect');
await kafka.stop();
