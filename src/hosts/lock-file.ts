/** The text of `slipway.ci.lock`: read strictly, since it decides whose code runs with our rights. */

import { isMap, parseDocument, stringify } from 'yaml';
import { hostsFault } from './hosts-fault.ts';
import { LOCK_FILE, type Pin, type Pins } from './pins.ts';

const HEADER =
  '# Foreign code that the generated files run, by commit. "slipway ci update" looks for newer versions.\n';

export function writeLock(pins: Pins): string {
  const sorted = Object.entries(pins).sort(([one], [other]) => (one < other ? -1 : 1));
  return HEADER + stringify(Object.fromEntries(sorted));
}

/** @throws Fault `hosts/bad-lock` */
export function readLock(text: string): Pins {
  const document = parseDocument(text);
  if (document.errors[0] !== undefined) throw badLock(document.errors[0].message);
  if (!isMap(document.contents)) throw badLock('it is no map of actions');
  const entries = Object.entries(document.toJS() as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.map(([action, pin]) => [checkedAction(action), checkedPin(action, pin)]));
}

function checkedAction(action: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]*\/[A-Za-z0-9_.-]+$/.test(action)) return action;
  throw badLock(`${JSON.stringify(action)} is no repository of an action`);
}

function checkedPin(action: string, pin: unknown): Pin {
  if (typeof pin === 'object' && pin !== null && 'version' in pin && 'commit' in pin) {
    const { version, commit } = pin;
    const isVersion = typeof version === 'string' && /^v[0-9]+(\.[0-9]+){0,2}$/.test(version);
    if (isVersion && typeof commit === 'string' && /^[0-9a-f]{40}$/.test(commit)) return { version, commit };
  }
  throw badLock(`${action} has not a version such as v7.0.1 and a commit of 40 digits`);
}

function badLock(why: string): Error {
  return hostsFault({
    code: 'hosts/bad-lock',
    kind: 'usage',
    message: `${LOCK_FILE} can't be used: ${why}.`,
    hint: 'Restore it from git, or delete it and run "slipway ci generate" to start anew.',
  });
}
