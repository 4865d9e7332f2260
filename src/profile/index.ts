export { profile, type ProfileOptions } from './decorator.ts';
export { Profile, type ProfileSettings } from './profile.ts';
export type { AsyncCalls, RawProfile } from './raw-profile.ts';
export type { Row } from './row.ts';
export type { Restriction } from './restriction.ts';
export type { SortKey } from './sort-keys.ts';
export { Stats } from './stats.ts';
export { collapsed, flameDiff, flameGraph, type FlameOptions, pprof, speedscope } from './exports/index.ts';
