/** Keeps secrets out of faults, whatever the registry has said: one that echoes what it was sent can't bring them into a log. */

import { Fault } from '../kernel/fault.ts';
import type { Repository } from './registry.ts';

export function withoutSecrets(repository: Repository, redact: (text: string) => string): Repository {
  const guard = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw error instanceof Fault ? discreet(error, redact) : error;
    }
  };
  return {
    name: repository.name,
    hasBlob: (digest) => guard(repository.hasBlob(digest)),
    pushBlob: (source, mountFrom) => guard(repository.pushBlob(source, mountFrom)),
    digestOf: (reference) => guard(repository.digestOf(reference)),
    resolve: (reference) => guard(repository.resolve(reference)),
    read: (descriptor, limit) => guard(repository.read(descriptor, limit)),
    pushManifest: (blob, reference) => guard(repository.pushManifest(blob, reference)),
  };
}

/** Without its cause when there was something to hide: the cause may say it too. */
function discreet(fault: Fault, redact: (text: string) => string): Fault {
  const [message, hint] = [redact(fault.message), redact(fault.hint)];
  if (message === fault.message && hint === fault.hint) return fault;
  return new Fault({ code: fault.code, kind: fault.kind, message, hint, retryable: fault.retryable });
}
