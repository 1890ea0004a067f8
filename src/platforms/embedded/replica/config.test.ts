import { expect, test } from 'vitest';
import { parseReplicaConfig } from './config.ts';

const least = { listen: { socket: '/run/a.sock' }, transpiled: '/slipway/app' };

test('the least configuration has bounds, and the environment of the process without what is ours', () => {
  const env = {
    PATH: '/bin',
    SLIPWAY_REPLICA: '/slipway/replica.json',
    NODE_OPTIONS: '',
    GREETING: 'hi',
    HOSTNAME: 'c0',
  };
  expect(parseReplicaConfig(JSON.stringify(least), env)).toEqual({
    ...least,
    environment: { GREETING: 'hi' },
    memory: 268_435_456,
    requestDeadline: 30_000,
    niceness: 0,
    secrets: {},
    timestamps: false,
    identity: null,
    metrics: null,
  });
});

test('a whole configuration is taken as it is', () => {
  const whole = {
    listen: { host: '0.0.0.0', port: 8080 },
    transpiled: '/slipway/app',
    environment: { A: '' },
    memory: 65_536,
    requestDeadline: 1,
    niceness: 19,
    secrets: { TOKEN: '/home/secrets/0123' },
    timestamps: true,
    identity: { service: 'a', environment: 'b', release: 3, replica: '3-x' },
    metrics: { host: '::', port: 9464, keep: '/tmp/a', edges: [1, 2] },
  };
  expect(parseReplicaConfig(JSON.stringify(whole), { PATH: '/bin', B: '2' })).toEqual(whole);
});

test.each([
  ['the file must be JSON', '{'],
  ['the file must be an object', '[]'],
  ['listen must be an object', JSON.stringify({ ...least, listen: 'x' })],
  ['listen.port must be a whole number of at least 0', JSON.stringify({ ...least, listen: { host: 'a', port: '1' } })],
  ['transpiled must be a text that is not empty', JSON.stringify({ ...least, transpiled: '' })],
  ['environment.A must be a text', JSON.stringify({ ...least, environment: { A: 1 } })],
  ['memory must be a whole number of at least 65536', JSON.stringify({ ...least, memory: 1 })],
  ['requestDeadline must be a whole number of at least 1', JSON.stringify({ ...least, requestDeadline: 0.5 })],
  [
    'identity.release must be a whole number of at least 1',
    JSON.stringify({ ...least, identity: { service: 'a', environment: 'b', replica: 'c' } }),
  ],
])('a wrong one is refused: %s', (complaint, text) => {
  expect(() => parseReplicaConfig(text, {})).toThrow(complaint);
});

test('bounds that the file leaves open may come from variables of the container, which the service does not see', () => {
  const file = { listen: { host: '0.0.0.0', port: 8080 }, transpiled: '/app' };
  const env = { SLIPWAY_MEMORY: '131072', SLIPWAY_REQUEST_DEADLINE: '1500', LEVEL: 'info' };
  const bounds = { memory: 131_072, requestDeadline: 1500 };
  expect(parseReplicaConfig(JSON.stringify(file), env)).toMatchObject({ ...bounds, environment: { LEVEL: 'info' } });
  const own = { memory: 65_536, requestDeadline: 1 };
  expect(parseReplicaConfig(JSON.stringify({ ...file, ...own }), env)).toMatchObject(own);
  const wrong = { SLIPWAY_MEMORY: 'much' };
  expect(() => parseReplicaConfig(JSON.stringify(file), wrong)).toThrow(/memory must be a whole number/);
});
