/** What the downloaders of the runtime share: their surroundings, and how a failed program is told. */

import { runCommand, type Finished } from '../../kernel/subprocess.ts';
import { ociFault } from '../oci-fault.ts';
import { printable } from '../printable.ts';

export interface DownloadSite {
  /** An empty folder of the download's own; the caller removes it. */
  readonly folder: string;
  /** Of our own process: the programs find proxies, certificates and the configured registry in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** Where programs are, how the network is reached, which registry and mirror: nothing that changes what is fetched. */
const PASSED =
  /^(path|home|tmpdir|xdg_\w+|(https?|all|no)_proxy|ssl_cert_(file|dir)|node_extra_ca_certs|apt_config|npm_config_(userconfig|globalconfig|cache|registry|cafile|ca|strict_ssl|proxy|https_proxy|noproxy|\/\/.*))$/i;

/** Nobody waits longer for a package, in milliseconds. */
const PATIENCE = 10 * 60_000;

export const LEAVE_OUT = 'Set `image: { platforms: [wasi/wasm] }` to build the image without its Linux children.';

export function runIn(site: DownloadSite, program: string, args: readonly string[]): Promise<Finished> {
  const passed = Object.entries(site.environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && PASSED.test(entry[0]),
  );
  return runCommand({
    program,
    args,
    cwd: site.folder,
    env: { ...Object.fromEntries(passed), LC_ALL: 'C' },
    timeout: PATIENCE,
    ...(site.signal ? { signal: site.signal } : {}),
  });
}

/** @throws Fault `runtime/download-failed` with what the program said, when it did not end well. */
export function expectDone({ exitCode, stderr, ended }: Finished, what: string, signal?: AbortSignal): void {
  signal?.throwIfAborted();
  if (exitCode === 0) return;
  const said = stderr.trim().split('\n').slice(-3).join(' ');
  throw ociFault({
    code: 'runtime/download-failed',
    kind: 'unreachable',
    message: `${what} could not be fetched${ended === 'timeout' ? ' in time' : ''}: ${printable(withoutHosts(said))}`,
    hint: `Check the network and run it again. ${LEAVE_OUT}`,
    retryable: true,
  });
}

/** Registry addresses of a company may hold credentials. */
function withoutHosts(text: string): string {
  return text.replace(/\b(https?:\/\/)[^\s/]*/g, '$1…');
}
