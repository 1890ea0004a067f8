/** From a request to the environment of a CGI program (RFC 3875 section 4.1), with what WAGI adds. */

import type { RequestParts } from '../wasi/http-messages.ts';

export interface CgiRequest {
  readonly request: RequestParts;
  /** What the release sets: never replaced by anything that a client says. */
  readonly configured: Readonly<Record<string, string>>;
}

/**
 * Request fields that are no `HTTP_…` variable: two have a variable of their own, and `HTTP_PROXY` would be taken for the
 * setting of a proxy by whatever reads it (httpoxy).
 */
const LEFT_OUT: ReadonlySet<string> = new Set(['content-length', 'content-type', 'proxy']);

/** Each `NAME=VALUE`. Values of fields are the bytes that came. */
export function cgiEnvironment({ request, configured }: CgiRequest): readonly Uint8Array[] {
  const { method, path, authority, body } = request;
  const mark = path.indexOf('?');
  const raw = mark < 0 ? path : path.slice(0, mark);
  const host = authority ?? 'localhost';
  const { name, port } = addressOf(host);
  const variables = new Map<string, string | Uint8Array>(fieldVariables(request));
  const own: Readonly<Record<string, string>> = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    PATH_INFO: decoded(raw),
    QUERY_STRING: mark < 0 ? '' : path.slice(mark + 1),
    REQUEST_METHOD: method,
    SCRIPT_NAME: '',
    SERVER_NAME: name,
    SERVER_PORT: port,
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'slipway',
    // Of WAGI: the path and the address before anything was decoded.
    X_RAW_PATH_INFO: raw,
    X_FULL_URL: `http://${host}${path}`,
    ...(body.length > 0 ? { CONTENT_LENGTH: String(body.length) } : {}),
  };
  for (const [variable, value] of Object.entries({ ...own, ...configured })) variables.set(variable, value);
  return [...variables].flatMap(([variable, value]) => {
    const bytes = Buffer.concat([Buffer.from(`${variable}=`), Buffer.from(value)]);
    return bytes.includes(0) ? [] : [bytes];
  });
}

/** `HTTP_ACCEPT` and so on; fields of one name are joined as RFC 9110 section 5.3 says, cookies as RFC 9113 does. */
function fieldVariables({ headers }: RequestParts): ReadonlyMap<string, Uint8Array> {
  const joined = new Map<string, Uint8Array>();
  for (const [name, value] of headers) {
    const variable = name === 'content-type' ? 'CONTENT_TYPE' : `HTTP_${name.toUpperCase().replaceAll('-', '_')}`;
    if (variable !== 'CONTENT_TYPE' && LEFT_OUT.has(name)) continue;
    const before = joined.get(variable);
    const separator = Buffer.from(name === 'cookie' ? '; ' : ', ');
    joined.set(variable, before === undefined ? value : Buffer.concat([before, separator, value]));
  }
  return joined;
}

/** The path as it was meant; as it came when its escapes are broken, or stand for what no variable can hold. */
function decoded(path: string): string {
  try {
    const text = decodeURIComponent(path);
    return text.includes('\0') ? path : text;
  } catch {
    return path;
  }
}

function addressOf(host: string): { readonly name: string; readonly port: string } {
  const port = /:(\d{1,5})$/.exec(host)?.[1];
  return port === undefined ? { name: host, port: '80' } : { name: host.slice(0, -port.length - 1), port };
}
