<<<<<<< HEAD
// What `npm test` does after the build: lint, the doc comments of all that is exported, then every short test. One command, one verdict.
=======
// What `npm test` does after the build: lint, what nothing uses any more, then every short test. One command, one verdict.
>>>>>>> 0579bf1 (What nothing uses any more is found with the lint: files, exports, dependencies. It found two dependencies and a handful of names)
import { spawnSync } from 'node:child_process';

const steps = [
  ['lint', 'node_modules/.bin/oxlint', ['--type-aware', 'src', 'test', 'bench']],
<<<<<<< HEAD
  ['doc comments', process.execPath, ['scripts/reference.mjs', '--check']],
=======
  ['unused', 'node_modules/.bin/knip', ['--no-progress']],
>>>>>>> 0579bf1 (What nothing uses any more is found with the lint: files, exports, dependencies. It found two dependencies and a handful of names)
  ['tests', process.execPath, ['build/test/support/run.js', ...process.argv.slice(2)]],
];
for (const [name, command, args] of steps) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name}: failed`);
    process.exit(1);
  }
}
