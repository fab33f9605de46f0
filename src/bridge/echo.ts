import { sourceOf } from '../event/source.js';
import type { Incoming } from '../kafka/wire/incoming.js';

/** Recognises records that went out here, so that they do not come in again. May throw `UNDECODABLE`. */
export type IsEcho = (incoming: Incoming) => boolean;

/** What a service published: it is the source, or stands in the path where it published under another source. */
export function echoOfService(service: string): IsEcho {
  const source = sourceOf(service);
  return (incoming) => {
    const metadata = incoming.metadata();
    return metadata.source === source || metadata.path.includes(service);
  };
}

/** What this process published; other instances of its service are heard. */
export function echoOfInstance(instance: string): IsEcho {
  return (incoming) => incoming.instance() === instance;
}
