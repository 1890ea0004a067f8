/** The played node as a process of its own, so that a cluster is there for as many programs as want it. */

import { parseArgs } from 'node:util';
import { createAdminClient } from '../admin-client.ts';
import { createLogServer } from './log-server.ts';
import { registerNode } from './node-registration.ts';
import { createPlayedNode } from './played-node.ts';

const NAME = 'played';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    certificate: { type: 'string' },
    port: { type: 'string' },
    'starts-in': { type: 'string' },
  },
});
const client = await createAdminClient(values.kubeconfig ?? '');
const port = Number(values.port);
const node = createPlayedNode({ client, name: NAME, startsIn: Number(values['starts-in']) });
if (values.certificate !== undefined) createLogServer({ port, certificate: values.certificate, logsOf: node.logsOf });
await registerNode({ client, name: NAME, port });
