// Prints the map of the reference application as a flowchart for Markdown. Nothing is started for it.
//
//   npm run build && node dist/processors/reference/map.js
import 'reflect-metadata';

import { KafkaConfig, KafkaService } from 'busbar';
import { sqliteStore } from 'busbar/store';
import Libsql from 'libsql';

import { assemble } from './application.js';

// #region map
const config = KafkaConfig.from({ serviceName: 'reference', bootstrapServers: 'embedded' });
const store = sqliteStore({ open: () => new Libsql(':memory:') }); // nothing is started, so it is never opened
const service = assemble(config, store).get(KafkaService);
console.log(service.map().toMermaid());
// #endregion
