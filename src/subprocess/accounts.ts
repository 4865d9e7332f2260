import { readFileSync } from 'node:fs';
import { OutOfRangeError } from '../base/errors.ts';
import type { Credentials } from '../system/credentials.ts';
import type { PopenOptions } from './options.ts';

/** Users and groups by their numbers; `null` when nothing was asked for. */
export function credentialsOf({ user, group, extraGroups }: PopenOptions): Credentials | null {
  if (user === undefined && group === undefined && extraGroups === undefined) return null;
  return {
    user: user === undefined ? null : numberOf(user, 'user', '/etc/passwd'),
    group: group === undefined ? null : numberOf(group, 'group', '/etc/group'),
    extraGroups: extraGroups?.map((one) => numberOf(one, 'group', '/etc/group')) ?? null,
  };
}

function numberOf(account: number | string, what: string, file: string): number {
  if (typeof account === 'number') {
    if (Number.isInteger(account) && account >= 0 && account < 2 ** 32 - 1) return account;
    throw new OutOfRangeError('ERR_ACCOUNT', `the number of a ${what} is an integer from 0 on: got ${account}`);
  }
  if (typeof account !== 'string') throw new TypeError(`a ${what} is a number or a name: got ${typeof account}`);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${account}:`));
  if (line === undefined) throw new OutOfRangeError('ERR_ACCOUNT', `there is no ${what} ${JSON.stringify(account)} in ${file}`);
  return Number(line.split(':')[2]);
}
