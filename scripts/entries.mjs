// What `require` gets, beside each module that the package exports (see src/require-natively.cjs).
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

const loader = 'build/src/require-natively.cjs';
copyFileSync('src/require-natively.cjs', loader);
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const { require: entry } of Object.values(exports)) {
  if (entry === undefined) continue;
  const way = relative(dirname(entry.default), loader);
  const load = `require('${way.startsWith('.') ? way : `./${way}`}').moduleBeside(__filename)`;
  writeFileSync(entry.default, `'use strict';\nmodule.exports = ${load} ?? require('./index.js');\n`);
  writeFileSync(entry.types, `import api = require('./index.js');\nexport = api;\n`);
}
