import { gunzipSync, gzipSync } from 'node:zlib';
import { gzipSync as inThisThread } from 'fflate';
import { expect, test } from 'vitest';
import { sha256 } from '../kernel/digest.ts';
import { compress, decompress } from './gzip.ts';

/** Text-like and noise-like parts, so that matches, literals and stored blocks all occur. */
function sample(): Uint8Array {
  const bytes = new Uint8Array(300_000);
  let state = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = at < 200_000 ? 97 + ((state >>> 16) % 4) : state >>> 16;
  }
  return bytes;
}

test('the compressed bytes are the same for ever', async () => {
  expect(sha256(await compress(sample()))).toBe(
    'sha256:f685803435016ddf2c23d5e1c426c15c9edd4e5ae27416c81149f5e16d64d162',
  );
});

test('the header names no time, no file and no compressor', async () => {
  const header = (await compress(sample())).subarray(0, 10);
  expect(Buffer.from(header).toString('hex')).toBe('1f8b0800000000000003');
});

test('a thread of its own gives the same bytes', async () => {
  const large = Buffer.concat([sample(), sample()]);
  expect(Buffer.compare(await compress(large), inThisThread(large, { level: 6, mtime: 0 }))).toBe(0);
});

test('another program reads it, and nothing is missing', async () => {
  expect(Buffer.compare(gunzipSync(await compress(sample())), sample())).toBe(0);
  expect(gunzipSync(await compress(new Uint8Array()))).toHaveLength(0);
});

test('a bomb is stopped at the limit', async () => {
  const bomb = gzipSync(new Uint8Array(20_000_000));
  await expect(decompress(bomb, 1_000_000)).rejects.toMatchObject({ code: 'oci/limit' });
  expect(await decompress(bomb, 20_000_000)).toHaveLength(20_000_000);
});

test('what is no gzip, or only a part of one, is malformed', async () => {
  await expect(decompress(new Uint8Array(100), 1000)).rejects.toMatchObject({ code: 'oci/malformed' });
  const whole = gzipSync('content');
  await expect(decompress(whole.subarray(0, -9), 1000)).rejects.toMatchObject({ code: 'oci/malformed' });
});
