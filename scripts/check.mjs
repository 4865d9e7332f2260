// What `npm test` does after the build: lint, a look for what nothing uses, the doc comments of all that is exported, then every short test. One command, one verdict.
import { spawnSync } from 'node:child_process';

const steps = [
  ['lint', 'node_modules/.bin/oxlint', ['--type-aware', 'src', 'test', 'bench']],
  ['unused files, exports and dependencies', 'node_modules/.bin/knip', ['--no-progress']],
  ['doc comments', process.execPath, ['scripts/reference.mjs', '--check']],
  ['tests', process.execPath, ['build/test/support/run.js', ...process.argv.slice(2)]],
];
for (const [name, command, args] of steps) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name}: failed`);
    process.exit(1);
  }
}
