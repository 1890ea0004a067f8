/** From what a CGI program wrote to an answer (RFC 3875 section 6): fields, an empty line, the body. */

import type { GivenAnswer } from '../service-answer.ts';
import { Fields } from '../wasi/http-fields.ts';
import { Refusal } from '../wasi/trap.ts';

/** More can't be meant for a head. */
const LARGEST_HEAD = 256 * 1024;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** The answer, or what is wrong with it as a clause. */
export function readCgiResponse(method: string, output: Buffer): GivenAnswer | string {
  const fields = new Fields();
  let status: number | undefined;
  let at = 0;
  for (;;) {
    const end = output.indexOf(NEWLINE, at);
    if (end < 0 || end > LARGEST_HEAD) return 'it wrote no head: fields, and an empty line after them';
    const line = output.subarray(at, output[end - 1] === RETURN && end > at ? end - 1 : end);
    at = end + 1;
    if (line.length === 0) break;
    const text = line.toString('latin1');
    const colon = text.indexOf(':');
    if (colon < 1) return `its head has a line without a name and a colon`;
    const name = text.slice(0, colon);
    const value = text.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') {
      status = statusIn(value);
      if (status === undefined) return 'its head has a status that is none';
      continue;
    }
    const problem = append(fields, name, value);
    if (problem !== null) return problem;
  }
  const location = fields.has('location');
  const body = output.subarray(at);
  const wrong = wrongLength(fields, body, method === 'HEAD' || status === 304);
  if (wrong !== null) return wrong;
  return {
    kind: 'response',
    // An address without a status asks to go there (RFC 3875 section 6.2.3).
    status: status ?? (location ? 302 : 200),
    headers: fields.entries(),
    body: { size: body.length, trailers: undefined, chunks: () => (body.length === 0 ? [] : [body]) },
  };
}

/** `404 Not Found` → 404. Below 200 it would be no answer. */
function statusIn(value: string): number | undefined {
  const digits = /^([2-9]\d\d)(?: |$)/.exec(value)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function append(fields: Fields, name: string, value: string): string | null {
  try {
    fields.append(name, Buffer.from(value, 'latin1'));
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return 'its head has a field that no answer may have';
  }
}

function wrongLength(fields: Fields, body: Uint8Array, mayBeLeftOut: boolean): string | null {
  const [announced, another] = fields.get('content-length').map((value) => Buffer.from(value).toString('latin1'));
  if (announced === undefined || (mayBeLeftOut && body.length === 0)) return null;
  const right = another === undefined && announced === String(body.length);
  return right ? null : `its body has ${body.length} bytes, not as many as its head announced`;
}
