import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from '../support/test.ts';
import { explore, ModelFailure, type Scenario } from './explore.ts';

/** A fault that is planted: in the text of the built module, `replace` (which stands there once) becomes `by`. */
export interface Mutant {
  readonly fault: string;
  readonly replace: string;
  readonly by: string;
}

/** An algorithm of src/sync, what is to hold of it, and faults that would break it. */
export interface Proof<M> {
  /** The file in src/sync, without its ending. */
  readonly module: string;
  /** Where it is when it is not there: a folder in src. */
  readonly folder?: string;
  /** What becomes of the text of the built module before it is loaded: other words and imports, for one that takes what it works on from there. */
  readonly onModel?: (text: string) => string;
  readonly scenarios: (algorithm: M) => readonly Scenario<string>[];
  readonly mutants: readonly Mutant[];
}

const source = new URL('../../src/', import.meta.url);

/** Tests that every scenario holds in every order, and that each mutant fails one of them. */
export function prove<M>({ module, folder = 'sync', onModel, scenarios, mutants }: Proof<M>): void {
  const built = new URL(`${folder}/`, source);
  const load = async (mutant?: Mutant): Promise<M> =>
    (await import(
      mutant === undefined && onModel === undefined ? `${built.href}${module}.js` : plant(built, module, mutant, onModel)
    )) as M;
  test(`${module}: what it promises holds in every order of its threads`, async (context) => {
    for (const scenario of scenarios(await load())) {
      const begin = performance.now();
      const states = explore(scenario);
      context.diagnostic(`${scenario.name}: ${states} states, ${(performance.now() - begin).toFixed(0)} ms`);
    }
  });
  for (const mutant of mutants) {
    test(`${module}: ${mutant.fault} is found`, async (context) => {
      for (const scenario of scenarios(await load(mutant))) {
        try {
          explore(scenario);
        } catch (error) {
          if (!(error instanceof ModelFailure)) throw error;
          return context.diagnostic(error.message);
        }
      }
      assert.fail('no scenario finds the fault');
    });
  }
}

/** The address of the module with the fault in it. */
function plant(built: URL, module: string, mutant: Mutant | undefined, onModel = (text: string) => text): string {
  const text = readFileSync(new URL(`${module}.js`, built), 'utf8');
  return textAsModule(onModel(mutant === undefined ? text : replaceOnce(text, mutant.replace, mutant.by)), built);
}

/** Replaces what stands in the text of a built module, once. */
export function replaceOnce(text: string, replace: string, by: string): string {
  assert.equal(text.split(replace).length, 2, `the text to replace stands once in the built module: ${replace}`);
  return text.replace(replace, () => by);
}

/** The address of a module with this text, whose imports are relative to `place`. */
export function textAsModule(text: string, place: URL): string {
  const absolute = text
    .replaceAll(/from '(\.[^']+)'/g, (_, path: string) => `from '${new URL(path, place).href}'`)
    .replace(/^\/\/# sourceMappingURL.*$/m, '');
  return `data:text/javascript,${encodeURIComponent(absolute).replaceAll("'", '%27')}`;
}

/** Throws in a scenario, with the values. */
export function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
