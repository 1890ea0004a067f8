/** Where a registry may send us. A hostile answer must not make us call inside networks or fall back to plain HTTP. */

import { BlockList, isIP } from 'node:net';
import { ociFault } from './oci-fault.ts';
import { printable } from './printable.ts';

let inner: BlockList | undefined;

/** Made when first asked for: what only packs an image need not load it. */
function innerNetworks(): BlockList {
  if (inner !== undefined) return inner;
  inner = new BlockList();
  for (const [network, prefix] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
  ] as const) {
    inner.addSubnet(network, prefix, 'ipv4');
  }
  inner.addAddress('::', 'ipv6');
  inner.addAddress('::1', 'ipv6');
  inner.addSubnet('fc00::', 7, 'ipv6');
  inner.addSubnet('fe80::', 10, 'ipv6');
  return inner;
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * The address that `location` means as an answer to a request to `asked`. Another host must be reached by HTTPS and not
 * be a literal address of an inner network.
 *
 * @throws Fault `registry/untrusted-location`.
 */
export function safeLocation(location: string | null, asked: URL): URL {
  const next = location === null ? null : URL.parse(location, asked.href);
  if (next === null) throw untrusted(location ?? 'nowhere', 'which is no address');
  if (next.origin === asked.origin && next.username === '' && next.password === '') return next;
  if (next.protocol !== 'https:') throw untrusted(next.host, 'without HTTPS');
  if (next.username !== '' || next.password !== '') throw untrusted(next.host, 'with a user name in the address');
  const host = next.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (isLoopback(host) || (family !== 0 && innerNetworks().check(host, family === 4 ? 'ipv4' : 'ipv6'))) {
    throw untrusted(next.host, 'which is an inner network');
  }
  return next;
}

function untrusted(where: string, why: string): Error {
  return ociFault({
    code: 'registry/untrusted-location',
    message: `The registry sends us to ${printable(where)}, ${why}.`,
    hint: 'This is refused. Check that the registry is the one you mean.',
  });
}
