/**
 * Compression whose bytes are ours to promise: Node's zlib changes its output with patch releases (nodejs/node#50138),
 * so the pinned pure JavaScript one is used. Reading may use Node's, which is faster.
 */

import { promisify } from 'node:util';
import { messageOf, systemCodeOf } from '../kernel/fault.ts';
import { ociFault } from './oci-fault.ts';

/**
 * Measured on the Node binary (126.6 MB): level 1 48.1 MB in 2.2 s, level 4 45.9 MB in 3.4 s, level 6 45.4 MB in 4.7 s.
 * It is done once for a version of Node and pulled many times, so the smallest.
 */
const LEVEL = 6;

/** Part of the fingerprint of everything that holds compressed bytes. A golden digest in the tests guards it. */
export const COMPRESSOR = `fflate@0.8.3/${LEVEL}`;

/** Smaller input is done sooner than a thread is started. The bytes are the same either way. */
const THREAD_FROM = 512 * 1024;

/** Large input in a thread of its own. The header holds no name, no time and no machine. */
export async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const { gzip, gzipSync } = await import('fflate');
  if (bytes.length < THREAD_FROM) return gzipSync(bytes, { level: LEVEL, mtime: 0 });
  return new Promise((resolve, reject) => {
    gzip(bytes, { level: LEVEL, mtime: 0 }, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/**
 * Decompresses at most `limit` bytes.
 *
 * @throws Fault `oci/limit` when there is more, `oci/malformed` when it is not gzip.
 */
export async function decompress(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const { gunzip } = await import('node:zlib');
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: limit });
  } catch (error) {
    const large = systemCodeOf(error) === 'ERR_BUFFER_TOO_LARGE';
    throw ociFault({
      code: large ? 'oci/limit' : 'oci/malformed',
      message: large
        ? `A compressed layer grows to more than ${limit} bytes.`
        : `A compressed layer is damaged: ${messageOf(error)}.`,
      hint: 'Do not trust this image; if it is yours, build it again.',
      cause: error,
    });
  }
}
