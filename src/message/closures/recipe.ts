import type { TsNode } from './ts-node-loader.ts';

/*
 * A packed value as plain data: a list of nodes, each saying how one object is made again. A reference to a node is an
 * array of its number; everything else that is no array stands for itself.
 */
export type Ref = unknown;

/** A property key: a string, or a reference to a symbol's node. */
export type KeyRef = Ref;

/** A property: its key, bits (1 writable, 2 enumerable, 4 configurable), then its value, or its getter and setter. */
export type PropertyRecipe = readonly [key: KeyRef, bits: number, value: Ref] | readonly [key: KeyRef, bits: number, get: Ref, set: Ref];

export type PrivatesRecipe = readonly (readonly [name: string, value: Ref])[];

export type Step = string | readonly [how: string, key?: string];

export type RecipeNode =
  | readonly ['raw', value: unknown]
  | readonly ['global', path: readonly Step[]]
  | readonly ['builtin', module: string, path: readonly Step[]]
  /** What an import statement in `parent` binds. */
  | readonly ['import', parent: string, specifier: string, name: string, attributes: Readonly<Record<string, string>> | null]
  /** What a loaded module exports, or something that an export holds. */
  | readonly ['export', url: string, path: readonly string[], length: number]
  | readonly ['require', file: string, path: readonly string[], tsNode: TsNode | null]
  /** The `require` of the modules in a folder. */
  | readonly ['requirer', folder: string]
  | readonly ['symbol', how: 'for' | 'known' | 'own', key: string, description: string]
  | readonly ['array', items: readonly Ref[]]
  | readonly ['object', isNull: boolean, properties: readonly PropertyRecipe[], seal: '' | 'extensible' | 'sealed' | 'frozen']
  | readonly ['map', entries: readonly (readonly [Ref, Ref])[]]
  | readonly ['set', items: readonly Ref[]]
  /** A variable that several functions share. */
  | readonly ['cell', value: Ref]
  | readonly ['weak', kind: 'WeakMap' | 'WeakSet', id: string, entries: readonly (readonly [key: Ref, value: Ref])[]]
  | readonly ['proxy', target: Ref, handler: Ref]
  /** An object of the language or of Node, made by a constructor. */
  | readonly ['platform', path: string, args: readonly Ref[]]
  | readonly ['exception', name: string, message: string, stack: string, cause: Ref]
  | readonly ['error', prototype: Ref, message: string, stack: string, properties: readonly PropertyRecipe[]]
  | readonly ['bound', target: Ref, self: Ref, args: readonly Ref[]]
  | readonly ['reduced', factory: Ref, args: readonly Ref[]]
  | readonly [
      'function',
      code: number,
      values: readonly Ref[],
      name: string,
      id: string,
      properties: readonly PropertyRecipe[],
      prototype: readonly PropertyRecipe[] | null,
      /** Static private fields of a class. */
      privates: PrivatesRecipe,
    ]
  | readonly [
      'instance',
      prototype: Ref,
      base: Ref,
      properties: readonly PropertyRecipe[],
      isFrozen: boolean,
      /** For each class that adds private members to it, from the bottom up: the class, and its fields. */
      levels: readonly (readonly [made: Ref, privates: PrivatesRecipe])[],
    ];

/** The text of a function, the same for all closures of it. */
export interface CodeRecipe {
  readonly key: string;
  readonly text: string;
  readonly kind: 'expression' | 'method' | 'class';
  readonly isStrict: boolean;
  readonly url: string;
  readonly line: number;
  readonly column: number;
  /** What it captures, in the order of a function node's values. */
  readonly names: readonly string[];
  /** Captures that a class needs when it is defined: by position. */
  readonly early: readonly number[];
  readonly usesMeta: boolean;
}

export interface Recipe {
  readonly root: Ref;
  readonly nodes: readonly RecipeNode[];
  readonly codes: readonly CodeRecipe[];
}
