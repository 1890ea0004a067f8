/** Makes a component ready for replicas, once: a folder in the cache, named by what it was made of and by what. */

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexOf, sha256 } from '../../../kernel/digest.ts';
import { Fault } from '../../../kernel/fault.ts';
import { randomIdentifier } from '../../../kernel/random.ts';
import { inspectWasm, transpileComponent, transpilerIdentity } from '../../../wasm/index.ts';
import type { ReplicaFaultCode } from './config.ts';
import { lentInterfaces } from './wasi/world.ts';

export interface Preparation {
  /** The component. */
  readonly bytes: Uint8Array;
  readonly cacheFolder: string;
}

/**
 * The folder for `transpiled` of a replica's configuration. Several may prepare the same component at once: each makes it
 * apart, and the first that is done wins.
 *
 * @throws Fault `replica/not-a-service` when it is not a component for wasi:http or wants what is not lent; as
 *   `transpileComponent` else.
 */
export async function prepareModule({ bytes, cacheFolder }: Preparation): Promise<string> {
  const transpiler = transpilerIdentity().replaceAll(/[^\w.-]/g, '-');
  const folder = join(cacheFolder, `${hexOf(sha256(bytes))}-${transpiler}`);
  if (existsSync(folder)) return folder;
  checkService(bytes);
  const { files } = await transpileComponent(bytes);
  const temporary = `${folder}.${process.pid}.${randomIdentifier(8)}.tmp`;
  try {
    mkdirSync(temporary, { recursive: true });
    for (const [name, content] of files) writeFileSync(join(temporary, name), content, { flush: true });
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Interface and version: later ones of 0.2 only add. */
const VERSION = /^(.+)@0\.2\.\d+$/;

function checkService(bytes: Uint8Array): void {
  const report = inspectWasm(bytes);
  if (report.kind === 'module') {
    throw notAService(
      'The file is a core module; a replica serves components.',
      'Build the service for wasm32-wasip2, which gives a component.',
    );
  }
  if (report.world !== 'wasi:http/proxy') {
    const exported = report.exports.length === 0 ? 'nothing' : report.exports.join(', ');
    throw notAService(
      `The component can't be handed requests: it exports ${exported}, not wasi:http/incoming-handler of WASI 0.2.`,
      'Export the handler: in Rust with `#[wstd::http_server]` on `main`, built for wasm32-wasip2.',
    );
  }
  const lent = lentInterfaces();
  const wanted = report.imports.filter((name) => !lent.includes(VERSION.exec(name)?.[1] ?? ''));
  if (wanted.length > 0) {
    throw notAService(
      `The component imports ${wanted.join(', ')}, which no replica lends.`,
      'Take out what needs it: a service is handed requests, with no sockets and no interfaces outside of WASI 0.2.',
    );
  }
}

function notAService(message: string, hint: string): Fault<ReplicaFaultCode> {
  return new Fault({ code: 'replica/not-a-service', kind: 'refused', message, hint });
}
