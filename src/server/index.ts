/**
 * The agent's HTTP API on a unix socket: contract, server side, client, and the lock that keeps a home to one agent.
 * It drives what it is handed; it knows no platform.
 */

export type { AgentInfo, DeployRequest, Known, RouterInfo, Verb } from './agent-contract.ts';
export {
  type BookedCluster,
  type ClusterBook,
  createLocalPlaces,
  createPlaces,
  type Place,
  type Places,
} from './places.ts';
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { createAgentApi, type DeliveryService } from './agent-api.ts';
export { type AgentClient, createAgentClient } from './agent-client.ts';
export { takeAgentLock } from './agent-lock.ts';
export { serveOnSocket } from './serve-on-socket.ts';
