import { echoOfInstance, echoOfService } from '../bridge/echo.js';
import { Mirror, type MirrorOptions } from '../bridge/mirror.js';
import type { ServiceParts } from './assembly.js';

type Shared = Omit<MirrorOptions, 'group' | 'from' | 'store' | 'isEcho' | 'hearingSide'>;

/**
 * What lets the listeners of a service hear others. One instance of the service hears each foreign event; with `broadcast`
 * every instance has a group of its own, which begins with what comes and is forgotten with the process. `instance` names
 * this process.
 */
export function mirrorOf({ config, broadcast, store, bus }: ServiceParts, instance: string, shared: Shared): Mirror {
  const group = `${config.groupId}.bridge`;
  const reading =
    broadcast === undefined
      ? ({ group, from: config.autoOffsetReset, store } as const)
      : ({ group: `${group}.${instance}`, from: 'latest', store: undefined } as const);
  return new Mirror({
    ...shared,
    ...reading,
    isEcho: broadcast === 'all' ? echoOfInstance(instance) : echoOfService(config.serviceName),
    hearingSide: { isHeard: ({ eventClass }) => bus.isHeard(eventClass), hear: (envelope) => bus.hearMirrored(envelope) },
  });
}
