/** `wasi:http/types.fields`: header and trailer fields, with the rules of RFC 9110 section 5. */

import { Refusal, Trap } from './trap.ts';

/** `tchar` of RFC 9110 section 5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** They concern the connection or say who is addressed: the host's business, not the guest's. */
export const FORBIDDEN_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** More can't be meant for a head, and would fill our memory. */
const MOST_ENTRIES = 4096;

export type FieldEntry = [name: string, value: Uint8Array];

export class Fields {
  #entries: FieldEntry[];
  readonly #frozen: boolean;

  /** Names in `entries` are in lower case. The list is kept, and changed unless `frozen`. */
  constructor(entries: FieldEntry[] = [], frozen = false) {
    this.#entries = entries;
    this.#frozen = frozen;
  }

  static fromList(list: readonly FieldEntry[]): Fields {
    const fields = new Fields();
    for (const [name, value] of list) fields.append(name, value);
    return fields;
  }

  get(name: string): Uint8Array[] {
    const wanted = name.toLowerCase();
    return this.#entries.filter((entry) => entry[0] === wanted).map((entry) => entry[1]);
  }

  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.#entries.some((entry) => entry[0] === wanted);
  }

  set(name: string, values: readonly Uint8Array[]): void {
    const checked = this.#changeable(name);
    for (const value of values) checkValue(value);
    this.#entries = this.#entries.filter((entry) => entry[0] !== checked);
    for (const value of values) this.#entries.push([checked, value]);
  }

  delete(name: string): void {
    this.set(name, []);
  }

  append(name: string, value: Uint8Array): void {
    const checked = this.#changeable(name);
    checkValue(value);
    if (this.#entries.length >= MOST_ENTRIES) throw new Trap(`more than ${MOST_ENTRIES} fields in one head`);
    this.#entries.push([checked, value]);
  }

  /** In the order in which they came. The list is not the caller's to change. */
  entries(): FieldEntry[] {
    return this.#entries;
  }

  clone(): Fields {
    return new Fields([...this.#entries]);
  }

  /** The same fields as a child of a message, which nobody may change. */
  frozen(): Fields {
    return new Fields(this.#entries, true);
  }

  #changeable(name: string): string {
    if (this.#frozen) throw new Refusal({ tag: 'immutable' });
    if (!NAME.test(name)) throw new Refusal({ tag: 'invalid-syntax' });
    const lower = name.toLowerCase();
    if (FORBIDDEN_FIELDS.has(lower)) throw new Refusal({ tag: 'forbidden' });
    return lower;
  }
}

/** `field-value` of RFC 9110 section 5.5: no control characters but the tab. */
function checkValue(value: Uint8Array): void {
  for (const byte of value) {
    if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) throw new Refusal({ tag: 'invalid-syntax' });
  }
}
