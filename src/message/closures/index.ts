import { packer } from '../packer.ts';
import { isConstant } from './constant.ts';
import { foresee } from './foresee.ts';
import { numberOf, objectOf, remember } from './identity.ts';
import { isUnloadedGlobal } from './intrinsics.ts';
import { copy, pack } from './pack.ts';
import { capture } from './captured-variables.ts';
import { functionParts, hasOnlyItsOwn } from './plain-functions.ts';
import { isPlainMessage } from './plain-values.ts';
import { makeFunction } from './plain-function-reader.ts';
import { giveState, type ObjectState, stateOf } from './private-state.ts';
import type { Recipe } from './recipe.ts';
import { forceByValue, mainModule, nameExports, reduce, setMainModule } from './references-to.ts';
import { hasParser } from './script.ts';
import { unpack, unpackAsync } from './unpack.ts';

export {
  capture,
  copy,
  forceByValue,
  foresee,
  giveState,
  hasOnlyItsOwn,
  hasParser,
  isConstant,
  isUnloadedGlobal,
  mainModule,
  nameExports,
  numberOf,
  objectOf,
  reduce,
  remember,
  setMainModule,
  type ObjectState,
  stateOf,
};

packer.current = {
  functionParts: (fn, scopes) => functionParts(fn as (...args: never[]) => unknown, scopes),
  isPlain: isPlainMessage,
  readFunction: makeFunction,
  pack: (value, { scopes }) => pack(value, scopes),
  unpack: (recipe) => unpack(recipe as Recipe),
  unpackAsync: async (recipe) => (await unpackAsync(recipe as Recipe)).value,
};
