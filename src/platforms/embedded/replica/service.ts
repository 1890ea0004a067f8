/**
 * The service of a replica: loaded once, asked one request at a time. A component is instantiated again after each trap, a
 * command for each request.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault, messageOf } from '../../../kernel/fault.ts';
import { COMMAND_FILE, limitMemory } from '../../../wasm/index.ts';
import type { ReplicaFaultCode } from './config.ts';
import { bindGenerated } from './generated-binding.ts';
import { createLineWriter, type LineWriterOptions } from './line-writer.ts';
import { bindModule, type Instance } from './module-binding.ts';
import { pagesIn, type Service, type ServiceAnswer, tellsOfMemory, trapped } from './service-answer.ts';
import { createCommandService } from './wagi/command-service.ts';
import { IncomingRequest, ResponseOutparam, type RequestParts } from './wasi/http-messages.ts';
import { createWorld } from './wasi/world.ts';

export interface ServiceOptions {
  /** As `prepareModule` makes it. */
  readonly folder: string;
  /** Most bytes of memory. */
  readonly memory: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** File descriptors that its output goes to. */
  readonly output: { readonly stdout: number; readonly stderr: number };
  /** What stands before each line of it. */
  readonly prefix?: () => string;
  /** `generated` runs the transpiled JavaScript even when the module can be bound directly. */
  readonly binding?: 'generated';
}

/**
 * @throws Fault `replica/not-a-service` when the folder is not complete, the service imports what is not lent, or it can't be
 *   instantiated; `wasm/memory-bound` when it starts with more memory than it may have.
 */
export async function loadService(options: ServiceOptions): Promise<Service> {
  return existsSync(join(options.folder, COMMAND_FILE)) ? loadCommand(options) : loadComponent(options);
}

async function loadCommand(options: ServiceOptions): Promise<Service> {
  const { folder, memory: bound, clock, environment } = options;
  const module = await WebAssembly.compile(limitMemory(readFileSync(join(folder, COMMAND_FILE)), pagesIn(bound)));
  const stderr = (onLine: (line: string) => void) => createLineWriter({ ...outputTo('stderr', options), onLine });
  return started(() => createCommandService({ module, bound, environment, clock, stderr }));
}

async function loadComponent(options: ServiceOptions): Promise<Service> {
  const { folder, memory: bound, clock, environment } = options;
  let allocationFailed = false;
  const stdout = createLineWriter(outputTo('stdout', options));
  const stderr = createLineWriter({
    ...outputTo('stderr', options),
    onLine(line) {
      if (tellsOfMemory(line)) allocationFailed = true;
    },
  });
  const world = createWorld({ clock, environment, stdout, stderr });
  const modules = await compileModules(folder, pagesIn(bound));
  const direct = options.binding === 'generated' ? null : bindModule([...modules.values()], world);
  const instantiate = direct ?? (await bindGenerated(pathToFileURL(join(folder, 'app.js')), modules, world));
  let instance: Instance = started(instantiate);

  const run = (request: RequestParts): ServiceAnswer => {
    const outparam = new ResponseOutparam();
    allocationFailed = false;
    try {
      instance.handle(new IncomingRequest(request), outparam);
    } catch (error) {
      stderr.flush();
      stdout.flush();
      const memory = instance.memory();
      instance = instantiate();
      return trapped({ error, allocationFailed, memory, bound });
    }
    return judge(request.method, outparam);
  };
  return { answer: run, memory: () => instance.memory() };
}

function outputTo(stream: 'stdout' | 'stderr', { output, prefix }: ServiceOptions): LineWriterOptions {
  return { to: output[stream], ...(prefix === undefined ? {} : { prefix }) };
}

async function compileModules(folder: string, maxPages: number): Promise<ReadonlyMap<string, WebAssembly.Module>> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  const compiled = names.map(async (name) => {
    const bytes = limitMemory(readFileSync(join(folder, name)), maxPages);
    return [name, await WebAssembly.compile(bytes)] as const;
  });
  return new Map(await Promise.all(compiled));
}

function started<Started>(start: () => Started): Started {
  try {
    return start();
  } catch (error) {
    throw new Fault<ReplicaFaultCode>({
      code: 'replica/not-a-service',
      kind: 'refused',
      message: `The service can't be started: ${messageOf(error)}`,
      hint: 'It must be a component for wasi:http of WASI 0.2, or a command of WASI preview 1, that needs no sockets (`slipway image inspect` lists its imports).',
      cause: error,
    });
  }
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
  return { kind: 'failed', why: 'error', status: 500, text: `The service gave no answer: ${reason}.` };
}
