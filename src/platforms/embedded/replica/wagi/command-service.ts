/**
 * A service in the form of WAGI: a command of WASI preview 1 that reads the request from its environment and its standard
 * input, and writes the answer to its standard output. Each request runs in an instance of its own.
 */

import type { Clock } from '../../../../kernel/clock.ts';
import type { LineWriter } from '../line-writer.ts';
import { type FailedAnswer, type Service, tellsOfMemory, trapped } from '../service-answer.ts';
import { createByteSink } from './byte-sink.ts';
import { cgiEnvironment } from './cgi-request.ts';
import { readCgiResponse } from './cgi-response.ts';
import { createPreview1, ProcessExit } from './preview1.ts';

/** A larger answer is an error of the service: it would be in memory as a whole. */
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** Where its functions are imported from. */
export const PREVIEW1 = 'wasi_snapshot_preview1';

export interface CommandOptions {
  /** With its memory bounded already. */
  readonly module: WebAssembly.Module;
  /** Most bytes of memory. */
  readonly bound: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Makes a writer to the service's standard error; `onLine` is told each line. */
  readonly stderr: (onLine: (line: string) => void) => LineWriter;
}

/** @throws WebAssembly.LinkError when it imports what is not lent. */
export function createCommandService(options: CommandOptions): Service {
  const { module, bound, environment, clock } = options;
  let allocationFailed = false;
  let last = 0;
  const stderr = options.stderr((line) => {
    if (tellsOfMemory(line)) allocationFailed = true;
  });
  const instantiate = (run: Run): WebAssembly.Instance => {
    const functions = createPreview1({
      clock,
      environment: run.environment,
      input: run.input,
      onOutput: (stream, bytes) => (stream === 'stdout' ? run.write(bytes) : stderr.write(bytes)),
      memory: () => memoryOf(instance),
    });
    const instance = new WebAssembly.Instance(module, { [PREVIEW1]: functions });
    return instance;
  };
  // What can't be linked is told when the service is loaded, not when somebody asks it.
  last = memoryOf(instantiate({ environment: [], input: new Uint8Array(0), write: () => undefined })).buffer.byteLength;

  return {
    memory: () => last,
    answer(request) {
      allocationFailed = false;
      const output = createByteSink(LARGEST_ANSWER);
      const variables = cgiEnvironment({ request, configured: environment });
      const instance = instantiate({
        environment: variables,
        input: request.body,
        write: (bytes) => output.write(bytes),
      });
      try {
        runToEnd(instance);
      } catch (error) {
        last = memoryOf(instance).buffer.byteLength;
        stderr.flush();
        if (!(error instanceof ProcessExit)) return trapped({ error, allocationFailed, memory: last, bound });
        if (error.code !== 0) return failed(`it ended with exit code ${error.code}`);
      }
      last = memoryOf(instance).buffer.byteLength;
      stderr.flush();
      const answer = readCgiResponse(request.method, output.bytes());
      return typeof answer === 'string' ? failed(answer) : answer;
    },
  };
}

interface Run {
  readonly environment: readonly Uint8Array[];
  readonly input: Uint8Array;
  write(bytes: Uint8Array): void;
}

function runToEnd({ exports }: WebAssembly.Instance): void {
  const start = exports['_start'];
  if (typeof start !== 'function') throw new TypeError('the module exports no _start');
  start();
}

function memoryOf({ exports }: WebAssembly.Instance): WebAssembly.Memory {
  const memory = exports['memory'];
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new TypeError('the module exports no memory');
}

/** 502, as of a gateway that got no valid answer (RFC 9110 section 15.6.3). */
function failed(reason: string): FailedAnswer {
  return { kind: 'failed', why: 'error', status: 502, text: `The service gave no answer: ${reason}.` };
}
