/** Which version of foreign code the generated files run: `slipway.ci.lock` beside the project file. */

import { hostsFault } from './hosts-fault.ts';

/** `actions/checkout` → what its tag pointed to when it was looked at. */
export type Pins = Readonly<Record<string, Pin>>;

export interface Pin {
  /** `v7.0.1` */
  readonly version: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
}

/** Beside the project file. */
export const LOCK_FILE = 'slipway.ci.lock';

/** What this Slipway was made with: facts, looked up with `git ls-remote`. */
export const SHIPPED_PINS: Pins = {
  'actions/checkout': { version: 'v7.0.1', commit: '3d3c42e5aac5ba805825da76410c181273ba90b1' },
  'actions/setup-node': { version: 'v7.0.0', commit: '820762786026740c76f36085b0efc47a31fe5020' },
  'actions/cache': { version: 'v5.0.5', commit: '27d5ce7f107fe9357f9df03efb73ab90386fccae' },
  'actions/upload-artifact': { version: 'v7.0.0', commit: 'bbbca2ddaa5d8feaa63e36b76fdaad77386f024f' },
  'actions/download-artifact': { version: 'v8.0.1', commit: '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c' },
};

/** Of an action, which may lie in a folder of its repository (`actions/cache/save`). @throws Fault `hosts/bad-lock` */
export function pinOf(action: string, pins: Pins): Pin {
  const repository = action.split('/').slice(0, 2).join('/');
  const pin = pins[repository];
  if (pin !== undefined) return pin;
  throw hostsFault({
    code: 'hosts/bad-lock',
    kind: 'usage',
    message: `${LOCK_FILE} says nothing of ${repository}.`,
    hint: 'Run "slipway ci update", or delete the file to start anew.',
  });
}
