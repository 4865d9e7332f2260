// Makes a fresh clone ready: installs what the lock file says, and builds. Does nothing that is already done.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';

const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const stamp = 'node_modules/.manycore-lock';
const run = (command, args) => execFileSync(command, args, { stdio: 'inherit' });

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  // Not `npm ci`: it refuses a lock that lacks the optional binaries of platforms whose packages a registry does not have.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
}
// The Nodes that the tests run on beside the installed one come as packages whose command is `node`: npm would put one of them before it.
rmSync('node_modules/.bin/node', { force: true });
run(process.execPath, ['scripts/layers.mjs']);
run(process.execPath, ['scripts/differences.mjs']);
run('node_modules/.bin/tsc', ['-b']);
run(process.execPath, ['scripts/entries.mjs']);
if (existsSync('build/dist/cli/main.js')) chmodSync('build/dist/cli/main.js', 0o755);
