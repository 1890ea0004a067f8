/**
 * Runs a component by the JavaScript that jco generated for it: the general case, for components of several modules (an
 * adapter, an interpreter, a composition).
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../../kernel/fault.ts';
import type { ReplicaFaultCode } from './config.ts';
import type { Instance } from './module-binding.ts';
import type { IncomingRequest, ResponseOutparam } from './wasi/http-messages.ts';
import type { World } from './wasi/world.ts';

/** What `app.js` exports (jco, `instantiation: 'sync'`). */
interface Generated {
  instantiate(
    getCoreModule: (name: string) => WebAssembly.Module | undefined,
    imports: World,
    instantiateCore: (module: WebAssembly.Module, imports: WebAssembly.Imports) => WebAssembly.Instance,
  ): { readonly incomingHandler?: { handle(request: IncomingRequest, outparam: ResponseOutparam): void } };
}

/** @throws Fault `replica/not-a-service` when the file is not there. */
export async function bindGenerated(
  file: URL,
  modules: ReadonlyMap<string, WebAssembly.Module>,
  world: World,
): Promise<() => Instance> {
  if (!existsSync(fileURLToPath(file))) throw notAService(`${fileURLToPath(file)} is not there`);
  const generated = (await import(file.href)) as Generated;
  return () => {
    const memories: WebAssembly.Memory[] = [];
    const component = generated.instantiate(
      (name) => modules.get(name),
      world,
      (module, imports) => {
        const instance = new WebAssembly.Instance(module, imports);
        memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
        return instance;
      },
    );
    const handler = component.incomingHandler;
    if (handler === undefined) throw notAService('it does not export wasi:http/incoming-handler');
    return {
      handle: (request, outparam) => handler.handle(request, outparam),
      memory: () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    };
  };
}

function notAService(reason: string): Fault<ReplicaFaultCode> {
  return new Fault({
    code: 'replica/not-a-service',
    kind: 'refused',
    message: `The folder of the service can't be used: ${reason}.`,
    hint: 'Prepare the component again: remove the folder and start once more.',
  });
}
