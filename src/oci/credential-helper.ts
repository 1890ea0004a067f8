/** The helper programs of Docker: `docker-credential-NAME get`, the host on its standard input, JSON back. */

import { Fault, messageOf } from '../kernel/fault.ts';
import { runCommand } from '../kernel/subprocess.ts';
import { type Credential, credentialOf } from './credential.ts';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';

export interface HelperRequest {
  /** `pass` for `docker-credential-pass`. */
  readonly name: string;
  /** What it keeps the credential under. */
  readonly server: string;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds, 15 s unless given. */
  readonly timeout?: number;
}

const TIMEOUT = 15_000;

/**
 * `null` when it has none for the server. What it says is never repeated: it deals in secrets.
 *
 * @throws Fault `registry/helper-failed`.
 */
export async function askHelper({ name, server, env, timeout = TIMEOUT }: HelperRequest): Promise<Credential | null> {
  const program = `docker-credential-${name}`;
  if (!/^[\w.-]+$/.test(name)) throw failed(program, 'its name is none of a program');
  const finished = await runCommand({ program, args: ['get'], cwd: '/', env, input: server, timeout }).catch(
    (error: unknown) => {
      throw failed(program, error instanceof Fault ? 'it is not on PATH' : messageOf(error));
    },
  );
  if (finished.ended === 'timeout') throw failed(program, `it did not answer within ${timeout / 1000} s`);
  if (finished.exitCode !== 0) {
    if (/credentials not found/i.test(finished.stdout + finished.stderr)) return null;
    throw failed(program, `it ended with ${finished.exitCode ?? finished.signal}`);
  }
  const { Username: user, Secret: secret } = objectIn(finished.stdout);
  if (typeof user !== 'string' || typeof secret !== 'string') throw failed(program, 'its answer can not be read');
  return credentialOf(user, secret, program);
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function failed(program: string, why: string): Error {
  return ociFault({
    code: 'registry/helper-failed',
    message: `The credential helper ${printable(program)}, which the Docker configuration names, is of no use: ${printable(why)}.`,
    hint: `Run \`${printable(program)} get\` by hand, or set SLIPWAY_REGISTRY_USER and SLIPWAY_REGISTRY_PASSWORD.`,
  });
}
