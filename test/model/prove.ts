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
  readonly scenarios: (algorithm: M) => readonly Scenario<string>[];
  readonly mutants: readonly Mutant[];
}

const built = new URL('../../src/sync/', import.meta.url);

/** Tests that every scenario holds in every order, and that each mutant fails one of them. */
export function prove<M>({ module, scenarios, mutants }: Proof<M>): void {
  test(`${module}: what it promises holds in every order of its threads`, async (context) => {
    for (const scenario of scenarios((await import(`${built.href}${module}.js`)) as M)) {
      const begin = performance.now();
      const states = explore(scenario);
      context.diagnostic(`${scenario.name}: ${states} states, ${(performance.now() - begin).toFixed(0)} ms`);
    }
  });
  for (const mutant of mutants) {
    test(`${module}: ${mutant.fault} is found`, async (context) => {
      const algorithm = (await import(plant(module, mutant))) as M;
      for (const scenario of scenarios(algorithm)) {
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
function plant(module: string, { replace, by }: Mutant): string {
  const text = readFileSync(new URL(`${module}.js`, built), 'utf8');
  assert.equal(text.split(replace).length, 2, `the text to replace stands once in ${module}.js: ${replace}`);
  const mutated = text
    .replace(replace, by)
    .replaceAll(/from '(\.[^']+)'/g, (_, path: string) => `from '${new URL(path, built).href}'`)
    .replace(/^\/\/# sourceMappingURL.*$/m, '');
  return `data:text/javascript,${encodeURIComponent(mutated)}`;
}

/** Throws in a scenario, with the values. */
export function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
