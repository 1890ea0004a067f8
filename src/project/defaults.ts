/**
 * Every default of both files, in the notation of the file itself: the schemas, `slipway config` and the table in the
 * guide all read it from here. The judge's are those of facts/rollouts.md section 9.10.
 */

export const DEFAULTS = {
  build: { target: 'wasm32-wasip2', optimise: 'Oz' },
  checks: { format: true, lint: true },
  tests: { unit: true, integration: true, bench: false },
  image: { platforms: ['linux/amd64', 'linux/arm64', 'wasi/wasm'] },
  environment: { replicas: 1, engine: 'node', approval: 0, affinity: 'none', guard: '0s', keep: 3 },
  limits: { memory: '256MB', request: '10s' },
  kubernetes: { namespace: 'default', traffic: 'gateway-api', gateway: 'default' },
  prometheus: {
    requests: 'slipway_requests_total',
    latency: 'slipway_request_duration_seconds',
    release: 'slipway_release',
    pod: 'pod',
  },
  plan: { deadline: '10m', onDeadline: 'abort', keep: '10m' },
  rolling: { maxSurge: '25%', maxUnavailable: '25%' },
  blueGreen: { previewReplicas: 1, switch: 'auto' },
  canary: { supersede: 'restart', stableScale: 'full', keepAborted: '0s', rollbackWindow: 0 },
  judge: {
    tolerate: '1x',
    detect: '2x',
    falseAlarm: '1%',
    miss: '5%',
    within: '15m',
    inconclusive: 'hold',
    dry: false,
  },
  slo: { errors: '1%' },
  gates: { status: 200, loadPath: '/', loadFor: '20s', loadErrors: '0%' },
  ci: { runsOn: 'ubuntu-24.04' },
  audit: { failOn: 'high', unscored: 'high' },
  rehearsal: { routing: 'exact', traffic: '0/s', seed: 1, until: '10m' },
  users: { count: 1000, keyless: '0%', match: '0%', safe: '100%' },
  simulated: {
    errors: '0%',
    traps: '0%',
    timeouts: '0%',
    p50: '20ms',
    p99: '80ms',
    startsIn: '0s',
    crashes: false,
    gate: 'pass',
    loadable: true,
    secrets: 'there',
  },
} as const;
