/** The service of a replica: loaded once, instantiated again after each trap, asked one request at a time. */

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault, messageOf } from '../../../kernel/fault.ts';
import { limitMemory } from '../../../wasm/index.ts';
import type { ReplicaFaultCode } from './config.ts';
import { bindGenerated } from './generated-binding.ts';
import { createLineWriter } from './line-writer.ts';
import { bindModule, type Instance } from './module-binding.ts';
import type { OutgoingBody } from './wasi/http-bodies.ts';
import type { FieldEntry } from './wasi/http-fields.ts';
import { IncomingRequest, ResponseOutparam, type RequestParts } from './wasi/http-messages.ts';
import { createWorld } from './wasi/world.ts';

export interface ServiceOptions {
  /** Folder with `app.js` and the core modules that it asks for. */
  readonly folder: string;
  /** Most bytes of memory. */
  readonly memory: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** File descriptors that its output goes to. */
  readonly output: { readonly stdout: number; readonly stderr: number };
  /** `generated` runs the transpiled JavaScript even when the module can be bound directly. */
  readonly binding?: 'generated';
}

export type ServiceAnswer =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: readonly FieldEntry[];
      readonly body: OutgoingBody | undefined;
    }
  /** `error`: it gave no answer, or one that can't be sent. After the others it has been instantiated afresh. */
  | { readonly kind: 'failed'; readonly why: 'error' | 'trap' | 'out-of-memory'; readonly text: string };

export interface Service {
  /** Runs the service on one request. Blocks until it has returned. */
  answer(request: RequestParts): ServiceAnswer;
  /** Bytes of memory that it has now. */
  memory(): number;
}

const PAGE = 65_536;

/** What Rust's standard library says when its allocator gets no memory. */
const ALLOCATION_FAILED = 'memory allocation of ';

/**
 * @throws Fault `replica/not-a-service` when the folder is not complete, the service imports what is not lent, or it can't be
 *   instantiated; `wasm/memory-bound` when it starts with more memory than it may have.
 */
export async function loadService(options: ServiceOptions): Promise<Service> {
  const { folder, memory: bound, clock, environment } = options;
  let allocationFailed = false;
  const stdout = createLineWriter({ to: options.output.stdout });
  const stderr = createLineWriter({
    to: options.output.stderr,
    onLine(line) {
      if (line.startsWith(ALLOCATION_FAILED)) allocationFailed = true;
    },
  });
  const world = createWorld({ clock, environment, stdout, stderr });
  const modules = await compileModules(folder, Math.floor(bound / PAGE));
  const direct = options.binding === 'generated' ? null : bindModule([...modules.values()], world);
  const instantiate = direct ?? (await bindGenerated(pathToFileURL(join(folder, 'app.js')), modules, world));
  let instance = start(instantiate);

  const run = (request: RequestParts): ServiceAnswer => {
    const outparam = new ResponseOutparam();
    allocationFailed = false;
    try {
      instance.handle(new IncomingRequest(request), outparam);
    } catch (error) {
      stderr.flush();
      stdout.flush();
      const full = allocationFailed || instance.memory() > bound - 16 * PAGE;
      instance = instantiate();
      const text = full
        ? `The service wanted more than its ${bound} bytes of memory.`
        : `The service trapped: ${trapText(error)}.`;
      return { kind: 'failed', why: full ? 'out-of-memory' : 'trap', text };
    }
    return judge(request.method, outparam);
  };
  return { answer: run, memory: () => instance.memory() };
}

async function compileModules(folder: string, maxPages: number): Promise<ReadonlyMap<string, WebAssembly.Module>> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  const compiled = names.map(async (name) => {
    const bytes = limitMemory(readFileSync(join(folder, name)), maxPages);
    return [name, await WebAssembly.compile(bytes)] as const;
  });
  return new Map(await Promise.all(compiled));
}

function start(instantiate: () => Instance): Instance {
  try {
    return instantiate();
  } catch (error) {
    throw new Fault<ReplicaFaultCode>({
      code: 'replica/not-a-service',
      kind: 'refused',
      message: `The service can't be started: ${messageOf(error)}`,
      hint: 'It must be a component for wasi:http of WASI 0.2 that needs no sockets (`slipway image inspect` lists its imports).',
      cause: error,
    });
  }
}

function trapText(error: unknown): string {
  return error instanceof RangeError && /call stack/.test(error.message) ? 'its stack is full' : messageOf(error);
}

/** Whether what the service left in the outparam can be sent. */
function judge(method: string, { outcome }: ResponseOutparam): ServiceAnswer {
  if (outcome === undefined) return failed('it returned without one');
  if (outcome.tag === 'err') return failed(`it reports the error ${outcome.val.tag}`);
  const response = outcome.val;
  const body = response.takenBody();
  const status = response.statusCode();
  const headers = response.headers().entries();
  if (status < 200) return failed(`${status} is not the status of an answer`);
  const bodyless = method === 'HEAD' || status === 304;
  if (body?.finished === false && !(bodyless && body.size === 0)) return failed('its body is not complete');
  return { kind: 'response', status, headers, body };
}

function failed(reason: string): ServiceAnswer {
  return { kind: 'failed', why: 'error', text: `The service gave no answer: ${reason}.` };
}
