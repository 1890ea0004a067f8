import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fields } from '../wasi/http-fields.ts';
import { IoError, OutputStream } from '../wasi/io.ts';
import { Trap } from '../wasi/trap.ts';
import { createGuest } from './guest.ts';
import { ERROR_CODE, METHOD, STREAM_ERROR } from './http-types.ts';
import {
  bool,
  borrow,
  bytes,
  list,
  option,
  own,
  record,
  string,
  tuple,
  u16,
  u32,
  u64,
  u8,
  type Type,
} from './types.ts';

/** A guest whose allocator never frees; a page of memory, growing when it must. */
function guestWithMemory() {
  const memory = new WebAssembly.Memory({ initial: 1 });
  let next = 64;
  const cabi_realloc = (_old: number, _oldSize: number, alignment: number, size: number): number => {
    const at = Math.ceil(next / alignment) * alignment;
    next = at + size;
    while (next > memory.buffer.byteLength) memory.grow(1);
    return at;
  };
  const guest = createGuest(() => ({ memory, cabi_realloc }));
  guest.refresh();
  return guest;
}

function roundTrip<T>(type: Type<T>, value: T): T {
  const guest = guestWithMemory();
  const at = guest.allocate(type.alignment, type.size);
  type.store(guest, at, value);
  return type.load(guest, at);
}

const anyU64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = fc.string({ unit: 'grapheme' });

describe('a value', () => {
  test('comes back from memory as it went in, whatever its type', () => {
    const person = record({ name: string, small: u8, big: u64, flag: bool, perhaps: option(u16) });
    const value = fc.record({
      name: text,
      small: fc.nat(255),
      big: anyU64,
      flag: fc.boolean(),
      perhaps: fc.option(fc.nat(65_535), { nil: undefined }),
    });
    fc.assert(
      fc.property(value, (given) => {
        expect(roundTrip(person, given)).toEqual(given);
      }),
    );
    const pairs = list(tuple(string, bytes));
    const someBytes = fc.uint8Array({ maxLength: 3000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, someBytes), { maxLength: 30 }), (given) => {
        const back = [...roundTrip(pairs, given)].map(([name, value]) => [name, new Uint8Array(value)]);
        expect(back).toEqual(given);
      }),
    );
  });

  test('of bytes is a copy, which the guest can not change afterwards', () => {
    const guest = guestWithMemory();
    guest.bytes.write('before', 16);
    const read = bytes.lift(guest, { values: [16, 6], at: 0 });
    guest.bytes.write('after!', 16);
    expect(Buffer.from(read).toString()).toBe('before');
  });

  test('of a variant comes back with its case and payload', () => {
    for (const given of [{ tag: 'get' }, { tag: 'other', val: 'PURGE' }])
      expect(roundTrip(METHOD, given)).toEqual({ val: undefined, ...given });
    for (const given of [
      { tag: 'DNS-error', val: { rcode: 'NXDOMAIN', infoCode: undefined } },
      { tag: 'HTTP-response-body-size', val: 2n ** 40n },
      { tag: 'internal-error', val: 'häßlich' },
      { tag: 'HTTP-response-header-size', val: { fieldName: undefined, fieldSize: 7 } },
    ])
      expect(roundTrip(ERROR_CODE, given)).toEqual(given);
  });

  test('has the size, the alignment and the core types that the canonical ABI gives it', () => {
    // wit-bindgen's own layout for wasi:http: error-code is 32 bytes, result<_, stream-error> 12, and so on.
    const layout = ({ size, alignment, flat }: Type<unknown>) => [size, alignment, flat.join(' ')];
    expect(layout(ERROR_CODE)).toEqual([32, 8, 'i32 i32 i64 i32 i32 i32 i32']);
    expect(layout(STREAM_ERROR)).toEqual([8, 4, 'i32 i32']);
    expect(layout(METHOD)).toEqual([12, 4, 'i32 i32 i32']);
    expect(layout(option(u64))).toEqual([16, 8, 'i32 i64']);
    expect(layout(tuple(u8, u32, u8))).toEqual([12, 4, 'i32 i32 i32']);
    expect(layout(option(bool))).toEqual([2, 1, 'i32 i32']);
  });

  test('in parameters is read from joined slots', () => {
    const guest = guestWithMemory();
    const lift = (...values: (number | bigint)[]) => ERROR_CODE.lift(guest, { values, at: 0 });
    // Case 17 carries option<u64>; case 21 option<u32>, whose payload lies in the same wide slot.
    expect(lift(17, 1, 2n ** 33n, 0, 0, 0, 0)).toEqual({ tag: 'HTTP-request-body-size', val: 2n ** 33n });
    expect(lift(21, 1, 5n, 0, 0, 0, 0)).toEqual({ tag: 'HTTP-request-header-section-size', val: 5 });
    expect(lift(5, 9, 9n, 9, 9, 9, 9)).toEqual({ tag: 'destination-IP-unroutable', val: undefined });
  });
});

describe('what a guest may not do ends it', () => {
  const traps = (work: () => unknown) => expect(work).toThrow(Trap);

  test('text that is not UTF-8, bytes outside of its memory, an unknown case', () => {
    const guest = guestWithMemory();
    guest.bytes.set([0xc3, 0x28], 16);
    expect(() => string.lift(guest, { values: [16, 2], at: 0 })).toThrow(/utf-8|encoded data/i);
    traps(() => bytes.lift(guest, { values: [65_530, 7], at: 0 }));
    traps(() => string.lift(guest, { values: [-1, 1], at: 0 }));
    traps(() => list(u64).lift(guest, { values: [0, 0x7fff_ffff], at: 0 }));
    traps(() => METHOD.lift(guest, { values: [10, 0, 0], at: 0 }));
  });

  test('a handle that was never given, was given away, or is of something else', () => {
    const guest = guestWithMemory();
    const handle = guest.give(new Fields());
    expect(borrow(Fields).lift(guest, { values: [handle], at: 0 })).toBeInstanceOf(Fields);
    traps(() => borrow(IoError).lift(guest, { values: [handle], at: 0 }));
    traps(() => borrow(OutputStream).lift(guest, { values: [0], at: 0 }));
    own(Fields).lift(guest, { values: [handle], at: 0 });
    traps(() => own(Fields).lift(guest, { values: [handle], at: 0 }));
    expect(guest.give(new Fields())).toBe(handle);
  });

  test('more handles than any service needs', () => {
    const guest = guestWithMemory();
    const fields = new Fields();
    const endless = () => {
      for (let count = 0; count < 200_000; count += 1) guest.give(fields);
    };
    expect(endless).toThrow(Trap);
  });
});
