import { hostname, networkInterfaces } from 'node:os';

/** Where nodes may reach this machine: its addresses, and its name. */
export function ownAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = addresses.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return [...outer.filter(({ family }) => family === 'IPv4'), ...outer.filter(({ family }) => family !== 'IPv4')]
    .map(({ address }) => address)
    .concat(hostname());
}
