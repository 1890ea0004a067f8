import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type ApiServerRig,
  breakOff,
  createApiServerRig,
  hang,
  kubeconfigText,
  LABEL,
  refuse,
  reply,
  statusBody,
} from '../../../../test/rigs/api-server-rig.ts';
import type { ClusterClient } from '../cluster-client.ts';

let rig: ApiServerRig;
let client: ClusterClient;
beforeEach(async () => {
  rig = await createApiServerRig();
  client = await rig.client({ limits: { answer: 300, patience: 1500 } });
});
afterEach(() => rig[Symbol.asyncDispose]());

const one = { apiVersion: 'v1', kind: 'ConfigMap', name: 'one' };
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', labels: LABEL }, data: { value: 'a' } };
const count = (verb: string): number => rig.asked.filter((asked) => asked.verb === verb).length;

test('what the server puts off is asked again, no sooner than it says', async () => {
  rig.put('one', 'a');
  rig.next('read', reply(429, statusBody(429, 'TooManyRequests', 'busy'), { 'retry-after': '0.3' }));
  const began = performance.now();
  expect((await client.read(one))?.metadata.name).toBe('one');
  expect(performance.now() - began).toBeGreaterThanOrEqual(290);
  expect(count('read')).toBe(2);
});

test('a server that is busy for longer than we wait is said to be', async () => {
  const busy = reply(429, statusBody(429, 'TooManyRequests', 'busy'), { 'retry-after': '60' });
  rig.next('read', busy);
  await expect(client.read(one)).rejects.toMatchObject({
    code: 'kubernetes/overloaded',
    kind: 'unreachable',
    retryable: true,
  });
});

test('what got lost on the way is asked again where that can not do it twice, and else not', async () => {
  rig.next('write', breakOff);
  await client.write(map, { kind: 'apply' });
  expect(count('write')).toBe(2);
  rig.next('write', breakOff);
  await expect(client.write(map, { kind: 'create' })).rejects.toMatchObject({ code: 'kubernetes/unreachable' });
  expect(count('write')).toBe(3);
  rig.next('write', breakOff);
  const fenced = { ...map, metadata: { ...map.metadata, resourceVersion: '101' } };
  await expect(client.write(fenced, { kind: 'apply' })).rejects.toMatchObject({ code: 'kubernetes/unreachable' });
  expect(count('write')).toBe(4);
});

test('what a server that is away can not have seen is sent when it is back, whatever it is', async () => {
  await rig.stop();
  const writing = client.write(map, { kind: 'create' });
  await new Promise((resolve) => setTimeout(resolve, 150));
  await rig.start();
  expect((await writing).metadata.name).toBe('one');
  expect(count('write')).toBe(1);
});

test('a call to a server that does not answer ends in time and says where', async () => {
  rig.next('write', hang);
  const began = performance.now();
  await expect(client.write(map, { kind: 'create' })).rejects.toMatchObject({
    code: 'kubernetes/unreachable',
    message: expect.stringMatching(
      /the API server http:.* of the context here can't be reached: it does not answer\.$/,
    ) as string,
  });
  expect(performance.now() - began).toBeLessThan(1500);
});

test('a call ends with its signal', async () => {
  rig.next('read', hang);
  await expect(client.read(one, AbortSignal.timeout(30))).rejects.toThrow('aborted');
});

test('a server that has just started, and refuses everybody for a moment, is asked again', async () => {
  rig.put('one', 'a');
  await rig.stop();
  const reading = client.read(one);
  rig.next(
    'read',
    refuse(403, 'Forbidden', 'User "ada" cannot get resource "configmaps"'),
    refuse(401, 'Unauthorized'),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  await rig.start();
  expect((await reading)?.metadata.name).toBe('one');
  expect(count('read')).toBe(3);
});

test('credentials that were renewed on disk are taken when the old ones are refused', async () => {
  rig.put('one', 'a');
  await client.read(one);
  const port = /127\.0\.0\.1:(\d+)/.exec(kubeconfigOf(rig))?.[1];
  writeFileSync(rig.kubeconfig, kubeconfigText(Number(port), 'second-token'));
  rig.next('read', refuse(401, 'Unauthorized'));
  expect((await client.read(one))?.metadata.name).toBe('one');
  expect(rig.asked.map(({ authorization }) => authorization)).toEqual([
    'Bearer first-token',
    'Bearer first-token',
    'Bearer second-token',
  ]);
});

test('a program that gives credentials is run once for as long as they are good', async () => {
  rig.put('one', 'a');
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'made' },
  };
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', ''],
    interactiveMode: 'Never',
  };
  exec.args[1] = `echo run >> '${join(rig.folder, 'runs')}'; echo '${JSON.stringify(credential)}'`;
  const text = kubeconfigOf(rig).replace(/user: \{ token.*/, `user: { exec: ${JSON.stringify(exec)} }`);
  writeFileSync(rig.kubeconfig, text);
  const executed = await rig.client();
  await executed.read(one);
  await executed.read(one);
  expect(rig.asked.at(-1)?.authorization).toBe('Bearer made');
  expect(readText(join(rig.folder, 'runs'))).toBe('run\n');
});

test('neither a token nor the value of a secret is in what is told', async () => {
  const value = Buffer.from('very-secret-value').toString('base64');
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' }, data: { value } };
  rig.next('write', refuse(422, 'Invalid', `first-token can not set ${value} (very-secret-value)`));
  await expect(client.write(secret, { kind: 'create' })).rejects.toMatchObject({
    code: 'kubernetes/invalid',
    message: expect.stringContaining('[secret] can not set [secret] ([secret]).') as string,
  });
});

function kubeconfigOf({ kubeconfig }: ApiServerRig): string {
  return readText(kubeconfig);
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
