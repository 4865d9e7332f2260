// What `npm test` does after the build: lint, the doc comments of all that is exported, then every short test. One command, one verdict.
import { spawnSync } from 'node:child_process';

const steps = [
  ['lint', 'node_modules/.bin/oxlint', ['--type-aware', 'src', 'test', 'bench']],
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
