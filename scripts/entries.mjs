// What `require` gets, beside each module that the package exports (see src/require-natively.cjs): where it is shipped, and where the tests load it.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import './core.mjs';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const folder of ['build/dist', 'build/src']) {
  const loader = `${folder}/require-natively.cjs`;
  copyFileSync('src/require-natively.cjs', loader);
  for (const { require: entry } of Object.values(exports)) {
    if (entry === undefined) continue;
    const file = entry.default.replace('build/dist', folder);
    const way = relative(dirname(file), loader);
    const load = `require('${way.startsWith('.') ? way : `./${way}`}').moduleBeside(__filename)`;
    writeFileSync(file, `'use strict';\nmodule.exports = ${load} ?? require('./index.js');\n`);
    writeFileSync(entry.types, `import api = require('./index.js');\nexport = api;\n`);
  }
}
