import type { RawProfile } from './raw-profile.ts';

/** What tells the threads of all machines apart. */
export const threadKey = ({ host, pid, threadId }: RawProfile): string => `${host}/${pid}/${threadId}`;
