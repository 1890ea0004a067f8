/** Where the router listens. */

import { embeddedFault } from './embedded-fault.ts';

/** So that an address in a document is true on most machines. */
const PORT = 7878;

/**
 * `SLIPWAY_HOST` (default 127.0.0.1: this machine alone) and `SLIPWAY_PORT` (default 7878; 0 for any free one, which the
 * home then keeps).
 *
 * @throws Fault `embedded/no-such-port`.
 */
export function listenAddress(environment: Readonly<Record<string, string | undefined>>): {
  readonly host: string;
  readonly port: number;
} {
  const text = environment['SLIPWAY_PORT'] || String(PORT);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > 65_535) {
    throw embeddedFault({
      code: 'embedded/no-such-port',
      kind: 'usage',
      message: `SLIPWAY_PORT is ${JSON.stringify(text)}, which is no port.`,
      hint: `Set it to a number from 0 (any free port) to 65535, or unset it for ${PORT}.`,
    });
  }
  return { host: environment['SLIPWAY_HOST'] || '127.0.0.1', port };
}
