import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { kubeconfigText } from '../../../../test/rigs/api-server-rig.ts';
import { temporaryFolder } from '../../../kernel/workspace.ts';
import { openKubeconfig } from './kubeconfig.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const target = (kubeconfig: string | null, context: string | null = null) => ({
  kubeconfig,
  context,
  namespace: 'shop',
});

test('the current context is taken, or the one that is named', async () => {
  const path = file('usual', kubeconfigText(1234, 'token-of-ada'));
  const access = openKubeconfig(target(path), {});
  expect(access).toMatchObject({ context: 'here', user: 'ada', proxied: false });
  expect(access.server.href).toBe('http://127.0.0.1:1234/');
  expect((await access.credentials()).headers).toEqual({ Authorization: 'Bearer token-of-ada' });
  expect(openKubeconfig(target(path, 'there'), {}).context).toBe('there');
});

test('a context that is not there is refused, and those that are there are named', () => {
  const path = file('usual', kubeconfigText(1234, 'x'));
  expect(() => openKubeconfig(target(path, 'prod'), {})).toThrow(
    `There is no context "prod": the kubeconfig ${path} has the contexts here, there.`,
  );
  const none = file('none', kubeconfigText(1234, 'x').replace('current-context: here', ''));
  expect(() => openKubeconfig(target(none), {})).toThrow('No context was named');
});

test('without a path the files of KUBECONFIG are taken together, as far as they are there; else the one at home', () => {
  const whole = kubeconfigText(1234, 'x');
  const contexts = file('contexts', whole.replace(/clusters:[^]*?contexts:/, 'contexts:').replace(/users:[^]*$/, ''));
  const others = file('others', whole.replace(/current-context.*\n/, '').replace(/contexts:[^]*?users:/, 'users:'));
  const access = openKubeconfig(target(null), { KUBECONFIG: `${contexts}:${join(folder, 'missing')}:${others}` });
  expect(access).toMatchObject({ context: 'here', user: 'ada' });
  mkdirSync(join(folder, '.kube'), { recursive: true });
  file('.kube/config', whole);
  expect(openKubeconfig(target(null), { HOME: folder }).context).toBe('here');
  expect(() => openKubeconfig(target(null), { HOME: join(folder, 'nobody') })).toThrow('There is no kubeconfig');
});

test.each([
  ['no YAML', 'users:\n- name: ada\n  user:\n    token: "hush-hush\n  more: [', /is no kubeconfig: .* in line \d+\.$/],
  ['of another kind', 'hush-hush: 1', /^There is no context in the kubeconfig/],
  ['a text', 'hush-hush', /./],
  [
    'without a server',
    'clusters: [{ name: a, cluster: { token: hush-hush } }]',
    /clusters\[0\]\.cluster\.server is missing/,
  ],
  [
    'with a context of a cluster that is not there',
    'current-context: a\ncontexts: [{ name: a, context: { cluster: hush, user: b } }]',
    /names a cluster that is not in it/,
  ],
])('a file that is %s is no kubeconfig, and nothing of it is quoted', (_name, text, words) => {
  const path = file('broken', text);
  const opening = () => openKubeconfig(target(path), {});
  expect(opening).toThrow(expect.objectContaining({ code: 'kubernetes/kubeconfig', kind: 'usage' }));
  expect(opening).toThrow(words);
  expect(opening).not.toThrow(/hush-hush/);
});

test('a program that gives no credentials is quoted in one line', async () => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', 'echo "log in first" >&2; echo more >&2; exit 1'],
  };
  const text = kubeconfigText(1234, 'x').replace(/user: \{ token.*/, `user: { exec: ${JSON.stringify(exec)} }`);
  await expect(openKubeconfig(target(file('exec', text)), {}).credentials()).rejects.toMatchObject({
    code: 'kubernetes/kubeconfig',
    message: expect.stringMatching(/can't be had: log in first\.$/) as string,
  });
});
