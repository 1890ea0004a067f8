/** The agent's HTTP API on its unix socket. It is handed what it serves; it knows no platform and no file. */

import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { Fault, messageOf } from '../kernel/fault.ts';
import type { ClusterTarget, CommandAnswer } from '../delivery/index.ts';
import type { AgentInfo, DeployRequest, Known, RouterInfo, Verb } from './agent-contract.ts';

/** What the API drives. Calls for one environment are done one after another; each is durable when it returns. */
export interface DeliveryService {
  deploy(request: DeployRequest): Promise<CommandAnswer>;
  /** @throws Fault `agent/no-such-environment` when nothing was ever deployed there. */
  command(key: string, verb: Verb): Promise<CommandAnswer>;
  know(key: string, cluster: ClusterTarget): Promise<Known>;
  letGo(key: string): Promise<void>;
  router(): Promise<RouterInfo>;
  info(): AgentInfo;
  /** Ends the agent; with `everything` also the router and all replicas, drained. */
  stop(everything: boolean): Promise<void>;
}

const release = z.int().positive();
const person = z.string().min(1).max(200);

/** On this socket nobody proves who they are, so what they say of themselves is recorded and no more. */
const AUTHENTICATED = false;

const verbSchema: z.ZodType<Verb> = z.union([
  z
    .object({
      kind: z.enum(['promote', 'promoteFully', 'abort', 'retry', 'pause', 'resume', 'remove']),
      by: person.exactOptional(),
    })
    .transform((verb) => ({ ...verb, authenticated: AUTHENTICATED })),
  z
    .object({ kind: z.literal('rollback'), to: release.nullable(), by: person.exactOptional() })
    .transform((verb) => ({ ...verb, authenticated: AUTHENTICATED })),
  z
    .object({
      kind: z.literal('approve'),
      by: person,
      groups: z.array(person),
      gate: z.literal(true).exactOptional(),
      release: release.exactOptional(),
    })
    .transform((verb) => ({ ...verb, authenticated: AUTHENTICATED })),
  z
    .object({
      kind: z.literal('reject'),
      by: person,
      because: z.string().min(1).max(2000).exactOptional(),
      release: release.exactOptional(),
    })
    .transform((verb) => ({ ...verb, authenticated: AUTHENTICATED })),
]);

/** Requests and answers are JSON; errors are `application/problem+json` (RFC 9457) with our stable `code`. */
export function createAgentApi(service: DeliveryService): Hono {
  const api = new Hono();
  api.get('/v1/agent', (context) => context.json(service.info()));
  api.get('/v1/router', async (context) => context.json(await service.router()));
  api.post('/v1/deployments', async (context) => {
    const { deployRequestSchema } = await import('./deploy-request-schema.ts');
    const request = deployRequestSchema.safeParse(await context.req.json());
    if (!request.success) return badRequest(request.error);
    return context.json(await service.deploy(request.data));
  });
  api.post('/v1/environments/:service/:environment/commands', async (context) => {
    const { service: name, environment } = context.req.param();
    const verb = verbSchema.safeParse(await context.req.json());
    if (!verb.success) return badRequest(verb.error);
    return context.json(await service.command(`${name}/${environment}`, verb.data));
  });
  api.put('/v1/environments/:service/:environment/cluster', async (context) => {
    const { service: name, environment } = context.req.param();
    const { clusterSchema } = await import('./deploy-request-schema.ts');
    const cluster = clusterSchema.safeParse(await context.req.json());
    if (!cluster.success) return badRequest(cluster.error);
    return context.json(await service.know(`${name}/${environment}`, cluster.data));
  });
  api.delete('/v1/environments/:service/:environment/driver', async (context) => {
    const { service: name, environment } = context.req.param();
    await service.letGo(`${name}/${environment}`);
    return context.json({ released: true });
  });
  api.post('/v1/stop', async (context) => {
    await service.stop(context.req.query('everything') === 'true');
    return context.json({ stopped: true });
  });
  api.notFound(() => problem({ status: 404, code: 'agent/no-such-route', detail: 'There is nothing at this path.' }));
  api.onError((error) => {
    if (error instanceof SyntaxError) {
      return problem({ status: 400, code: 'agent/bad-request', detail: `The body is not JSON: ${error.message}` });
    }
    if (!(error instanceof Fault)) return problem({ status: 500, code: 'agent/bug', detail: messageOf(error) });
    const { code, hint, kind } = error;
    return problem({ status: STATUS[kind], code, detail: error.message, hint, kind });
  });
  return api;
}

const STATUS: Readonly<Record<Fault['kind'], ContentfulStatusCode>> = { refused: 409, usage: 400, unreachable: 502 };

function badRequest(error: z.ZodError): Response {
  return problem({ status: 400, code: 'agent/bad-request', detail: z.prettifyError(error) });
}

interface Problem {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly kind?: string;
}

function problem(fields: Problem): Response {
  return Response.json(fields, { status: fields.status, headers: { 'content-type': 'application/problem+json' } });
}
