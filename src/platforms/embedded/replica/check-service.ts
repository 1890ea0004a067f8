/** Whether a module is a service that a replica can run, told before one is started. */

import { Fault } from '../../../kernel/fault.ts';
import { inspectWasm, type ModuleReport } from '../../../wasm/index.ts';
import type { ReplicaFaultCode } from './config.ts';
import { PREVIEW1 } from './wagi/command-service.ts';
import { preview1Names } from './wagi/preview1.ts';
import { lentInterfaces } from './wasi/world.ts';

/** Interface and version: later ones of 0.2 only add. */
const VERSION = /^(.+)@0\.2\.\d+$/;

/**
 * A component that answers requests of `wasi:http`, or a command of WASI preview 1, which is served as CGI programs are;
 * neither may want what is not lent.
 *
 * @throws Fault `replica/not-a-service`; as `inspectWasm` for what is no WebAssembly.
 */
export function checkService(bytes: Uint8Array): void {
  const report = inspectWasm(bytes);
  if (report.kind === 'module') checkCommand(report);
  else checkComponent(report);
}

function checkCommand({ imports, exports }: ModuleReport): void {
  if (!exports.includes('_start') || !exports.includes('memory')) {
    throw notAService(
      `The module can't be run for a request: it does not export ${exports.includes('_start') ? 'memory' : '_start'}.`,
      'Build a program (`main`) for wasm32-wasip1, which is run once for each request, or a component for wasm32-wasip2.',
    );
  }
  const lent = new Set(preview1Names().map((name) => `${PREVIEW1}/${name}`));
  const wanted = imports.filter((name) => !lent.has(name));
  if (wanted.length === 0) return;
  throw notAService(
    `The module imports ${wanted.join(', ')}, which no replica lends.`,
    'Take out what needs it: a module is lent the functions of wasi_snapshot_preview1 and nothing else.',
  );
}

function checkComponent({ world, imports, exports }: ModuleReport): void {
  if (world !== 'wasi:http/proxy') {
    const exported = exports.length === 0 ? 'nothing' : exports.join(', ');
    throw notAService(
      `The component can't be handed requests: it exports ${exported}, not wasi:http/incoming-handler of WASI 0.2.`,
      'Export the handler: in Rust with `#[wstd::http_server]` on `main`, built for wasm32-wasip2.',
    );
  }
  const lent = lentInterfaces();
  const wanted = imports.filter((name) => !lent.includes(VERSION.exec(name)?.[1] ?? ''));
  if (wanted.length === 0) return;
  throw notAService(
    `The component imports ${wanted.join(', ')}, which no replica lends.`,
    'Take out what needs it: a service is handed requests, with no sockets and no interfaces outside of WASI 0.2.',
  );
}

function notAService(message: string, hint: string): Fault<ReplicaFaultCode> {
  return new Fault({ code: 'replica/not-a-service', kind: 'refused', message, hint });
}
