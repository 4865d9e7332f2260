'use strict';
/*
 * What `require('manycore/…')` gives. Loaders such as tsx compile an ES module that is required into a module of their own, with
 * other functions and other state than what is imported, in threads above all; Jest, which has a `require` of its own in another
 * realm, refuses it. The package is there once: as Node itself loads it.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { basename } = require('node:path');

/**
 * The ES module beside `file`, an `index.cjs`: the instance that `import` gives, whatever a loader has made of `require`.
 * Undefined where Node's own `require` gives that, and where this file has become a part of a bundle.
 */
exports.moduleBeside = function moduleBeside(file) {
  // Before 20.19 and 22.12 there are no ES modules for `require`, and so nobody who could say it better.
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || major === 21 || (major === 20 && minor < 19) || (major === 22 && minor < 12)) {
    const message = `manycore needs Node.js 20.19, 22.12 or later: this is ${process.versions.node} (${process.execPath})`;
    throw Object.assign(new Error(message), { code: 'ERR_NODE_VERSION' });
  }
  // A `module` that Node has made is one of its class.
  const isNodesOwn = module instanceof Module && /^function ?\(module, filename\)/.test(String(Module._extensions['.js']));
  if (isNodesOwn || basename(file) !== 'index.cjs') return undefined;
  const target = file.replace(/cjs$/, 'js');
  const loaded = new Module(target);
  loaded.filename = target;
  loaded._compile(readFileSync(target, 'utf8'), target, 'module');
  return loaded.exports;
};
