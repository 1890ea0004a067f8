/** Node's own binary for any architecture: it is in the npm registry, and npm is configured where Slipway is installed. */

import { createHash } from 'node:crypto';
import { promises } from 'node:fs';
import { join } from 'node:path';
import { decompress } from '../gzip.ts';
import { ociFault } from '../oci-fault.ts';
import { expectDone, runIn, type DownloadSite } from './download.ts';
import type { RuntimePins } from './runtime-lock.ts';

export interface NodeFiles {
  readonly binary: Uint8Array;
  readonly licence: Uint8Array;
}

const MAX_PACKAGE = 512 * 1024 * 1024;

/** @throws Fault `runtime/download-failed`, or `runtime/mismatch` when the registry's file is not the pinned one. */
export async function fetchNode(pins: RuntimePins['node'], site: DownloadSite): Promise<NodeFiles> {
  const wanted = `${pins.package}@${pins.version}`;
  const finished = await runIn(site, 'npm', ['pack', wanted, '--ignore-scripts', '--loglevel=error']);
  expectDone(finished, `The npm package ${wanted}`, site.signal);
  const packed = await promises.readFile(join(site.folder, `${pins.package}-${pins.version}.tgz`));
  if (`sha512-${createHash('sha512').update(packed).digest('base64')}` !== pins.integrity) {
    throw ociFault({
      code: 'runtime/mismatch',
      message: `The npm package ${wanted} from this registry is not the one that Slipway was made with.`,
      hint: 'Check which registry npm is configured for: it serves another file under this version.',
    });
  }
  const { unpackTar } = await import('modern-tar');
  const entries = await unpackTar(await decompress(packed, MAX_PACKAGE), {
    filter: ({ name }) => name === 'package/bin/node' || name === 'package/LICENSE',
  });
  const fileOf = (name: string) => entries.find(({ header }) => header.name === name)?.data;
  const [binary, licence] = [fileOf('package/bin/node'), fileOf('package/LICENSE')];
  if (binary && licence) return { binary, licence };
  throw ociFault({
    code: 'runtime/mismatch',
    message: `The npm package ${wanted} lacks the binary or its licence.`,
    hint: 'Tell us: the pinned package should have both.',
  });
}
