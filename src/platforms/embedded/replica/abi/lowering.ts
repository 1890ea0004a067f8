/** From a function of the host to the core function that a guest imports (canonical ABI, `canon lower`). */

import { Refusal } from '../wasi/trap.ts';
import type { Guest } from './guest.ts';
import { result, type CoreValue, type FlatReader, type Type } from './types.ts';

export type CoreFunction = (...values: CoreValue[]) => CoreValue | void;

/** A function of the host with its types, ready to be bound to any guest. */
export type Lowering = (guest: Guest) => CoreFunction;

type Types<A extends readonly unknown[]> = { readonly [K in keyof A]: Type<A[K]> };

/** The most parameters that travel as core values (CanonicalABI.md, `MAX_FLAT_PARAMS`). */
const MAX_FLAT_PARAMETERS = 16;

/** A function that always returns. `null` when it returns nothing. */
export function total<A extends readonly unknown[], R>(
  parameters: Types<A>,
  returned: Type<R> | null,
  call: (...values: A) => R,
): Lowering {
  const flat = parameters.flatMap((type: Type<unknown>) => type.flat);
  if (flat.length > MAX_FLAT_PARAMETERS) throw new Error('a function with so many parameters takes them in memory');
  return (guest) => lower(guest, { parameters, returned, call: call as unknown as Call });
}

/** A function that returns a WIT `result`: what it returns is the `ok`, the payload of a thrown `Refusal` the `err`. */
export function fallible<A extends readonly unknown[], R>(
  parameters: Types<A>,
  [ok, err]: readonly [ok: Type<R> | null, err: Type<unknown> | null],
  call: (...values: A) => R,
): Lowering {
  const attempt = (...values: A) => {
    try {
      return { tag: 'ok', val: call(...values) };
    } catch (error) {
      if (error instanceof Refusal) return { tag: 'err', val: error.payload };
      throw error;
    }
  };
  return total(parameters, result(ok, err), attempt);
}

type Call = (...values: unknown[]) => unknown;

interface Bound {
  readonly parameters: readonly Type<unknown>[];
  readonly returned: Type<unknown> | null;
  readonly call: Call;
}

function lower(guest: Guest, { parameters, returned, call }: Bound): CoreFunction {
  const lift = (values: readonly CoreValue[]): unknown[] => {
    guest.refresh();
    const from: FlatReader = { values, at: 0 };
    return parameters.map((type) => type.lift(guest, from));
  };
  if (returned === null) {
    return (...values) => void call(...lift(values));
  }
  if (returned.flat.length <= 1) return (...values) => returned.lower(guest, call(...lift(values)));
  // A larger result is written where the last parameter says.
  return (...values) => returned.store(guest, Number(values.at(-1)) >>> 0, call(...lift(values)));
}
