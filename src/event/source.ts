/** The source of what a service publishes: `/` and its name. */
export function sourceOf(service: string): string {
  return `/${service}`;
}

/** The service whose source this is. */
export function serviceOf(source: string): string {
  return source.startsWith('/') ? source.slice(1) : source;
}
