import { request as startRequest } from 'node:http';
import { REHEARSAL } from '../../src/delivery/rehearsal/sample-spec.ts';
import { createSimulatedPlatform } from '../../src/delivery/rehearsal/simulated-platform.ts';
import { contextOf, createEmbeddedRig, HOST } from '../rigs/embedded-rig.ts';
import { platformContract } from './platform-contract.ts';

const context = contextOf({ releases: { 1: {}, 2: {} } });

platformContract('a rehearsal', () => {
  const platform = createSimulatedPlatform({
    rehearsal: { ...REHEARSAL, start: null },
    nameOf: ({ number }) => `v${number}`,
    serving: null,
  });
  let now = 0;
  const advance = (milliseconds: number): Promise<void> => {
    now += milliseconds;
    platform.advance(now);
    return Promise.resolve();
  };
  return Promise.resolve({
    platform,
    context,
    pass: () => advance(10),
    traffic: () => advance(400),
    close: () => Promise.resolve(),
  });
});

platformContract('this machine', async () => {
  const rig = createEmbeddedRig();
  const platform = rig.platform();
  await platform.start();
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = startRequest(platform.router().url, { agent: false, headers: { host: HOST } }, (answer) => {
        answer.resume().on('end', resolve).on('error', reject);
      });
      request.on('error', reject).end();
    });
  return {
    platform,
    context,
    pass: () => new Promise((resolve) => setTimeout(resolve, 25)),
    async traffic() {
      for (let request = 0; request < 40; request += 1) await ask();
    },
    close: () => rig[Symbol.asyncDispose](),
  };
});
