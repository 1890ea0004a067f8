/** When an image says that it was made: not now, for that would give each build another digest. */

import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';

/** The last second of the year 9999, the latest that RFC 3339 can write. */
const LATEST = 253_402_300_799;

/**
 * The epoch, or `SOURCE_DATE_EPOCH` (reproducible-builds.org: seconds, decimal), in RFC 3339.
 *
 * @throws Fault `oci/epoch` when the variable is anything else.
 */
export function creationTime(environment: Readonly<Record<string, string | undefined>>): string {
  const text = environment['SOURCE_DATE_EPOCH'] ?? '0';
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= LATEST) return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
  throw ociFault({
    code: 'oci/epoch',
    kind: 'usage',
    message: `SOURCE_DATE_EPOCH is "${printable(text)}", which is not a number of seconds since 1970.`,
    hint: 'Unset it, or set it to whole seconds: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct).',
  });
}
