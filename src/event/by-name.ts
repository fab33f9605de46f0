import type { Contract } from './contract.js';

/** Contracts by their wire names; those of one name are its versions. */
export function byName(contracts: readonly Contract[]): ReadonlyMap<string, readonly Contract[]> {
  const found = new Map<string, Contract[]>();
  for (const contract of contracts) {
    const versions = found.get(contract.name);
    if (versions === undefined) found.set(contract.name, [contract]);
    else versions.push(contract);
  }
  return found;
}
