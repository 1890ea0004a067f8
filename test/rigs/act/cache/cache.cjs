// Stand-in for actions/cache in act: an entry is a tar in the folder SLIPWAY_TEST_STORE, named by its key.
'use strict';
const { execFileSync } = require('node:child_process');
const { existsSync, readdirSync, renameSync, statSync } = require('node:fs');
const { join } = require('node:path');

const say = (text) => process.stdout.write(`${text}\n`);
const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? '').trim();
const store = process.env.SLIPWAY_TEST_STORE;
const workspace = process.env.GITHUB_WORKSPACE;
const nameOf = (key) => `${encodeURIComponent(key)}.tar`;
const age = (name) => statSync(join(store, name)).mtimeMs;

exports.restore = () => {
  const key = input('key');
  const beginning = encodeURIComponent(input('restore-keys'));
  const kept = readdirSync(store).filter((name) => name.endsWith('.tar'));
  const similar = kept.filter((name) => name.startsWith(beginning)).sort((one, other) => age(other) - age(one));
  const [found] = [nameOf(key), ...similar].filter((name) => kept.includes(name));
  if (found === undefined) return say(`nothing is kept for ${key}`);
  execFileSync('tar', ['-xf', join(store, found), '-C', workspace]);
  say(`taken: ${decodeURIComponent(found)}`);
};

exports.save = () => {
  const key = input('key');
  if (existsSync(join(store, nameOf(key)))) return say(`kept already: ${key}`);
  const fresh = join(store, `${process.pid}.part`);
  execFileSync('tar', ['-cf', fresh, '-C', workspace, input('path')]);
  renameSync(fresh, join(store, nameOf(key)));
  say(`kept: ${key}`);
};
