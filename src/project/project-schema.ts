/** The whole of `slipway.yaml` as it may be written (project-file.md is the contract). */

import * as z from 'zod';
import { DEFAULTS } from './defaults.ts';
import { environmentSchema } from './environment-schema.ts';
import {
  closedMap,
  complain,
  DNS_LABEL,
  DNS_LABEL_RULE,
  onlyKey,
  quantity,
  secretReference,
  textLike,
} from './schema-parts.ts';

const TOOLCHAINS = ['rust', 'go', 'c', 'assemblyscript'] as const;
const TARGETS = ['wasm32-wasip1', 'wasm32-wasip2'] as const;
const OPTIMISATIONS = ['Oz', 'Os', 'O4', 'O3', 'O2', 'O1', 'O0', 'none'] as const;
const PLATFORMS = ['linux/amd64', 'linux/arm64', 'wasi/wasm'] as const;
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'none'] as const;
const NOTICES = [
  ...(['run.passed', 'run.failed', 'approval.requested', 'approval.given', 'approval.refused'] as const),
  ...(['rollout.started', 'rollout.paused', 'rollout.promoted', 'rollout.aborted', 'rollout.rolledBack'] as const),
] as const;

const targetSchema = z
  .unknown()
  .transform((value, context): (typeof TARGETS)[number] => {
    const target = TARGETS.find((target) => target === value);
    if (target !== undefined) return target;
    const old = value === 'wasm32-wasi' ? ' is the old name of wasm32-wasip1' : ' is no target that can be built';
    return complain(context, {
      code: 'config/wrong-target',
      message: `${JSON.stringify(value)}${old}`,
      hint: 'Write `wasm32-wasip2` for a component (what Slipway serves) or `wasm32-wasip1` for a core module.',
    });
  })
  .meta({ type: 'string', enum: [...TARGETS], description: 'wasm32-wasip1: core module; wasm32-wasip2: component.' });

const buildSchema = closedMap({
  toolchain: z.enum(TOOLCHAINS).optional().describe('Found from the files when absent.'),
  target: targetSchema.prefault(DEFAULTS.build.target),
  optimise: z
    .enum(OPTIMISATIONS)
    .prefault(DEFAULTS.build.optimise)
    .describe('Level of wasm-opt; `none` leaves the module as built.'),
  maxSize: quantity('size', 'The shipped module must not be larger.').optional(),
});

const auditSchema = closedMap({
  failOn: z.enum(SEVERITIES).prefault(DEFAULTS.audit.failOn).describe('Findings of this severity and above fail.'),
  unscored: z.enum(SEVERITIES).prefault(DEFAULTS.audit.unscored).describe('What a finding without a score counts as.'),
  ignore: z
    .array(
      closedMap({
        id: z.string().min(1).describe('Of the advisory.'),
        until: z.iso.date({ error: 'a date such as 2027-01-31' }).describe('Last day, such as 2027-01-31.'),
        because: z.string().min(1).describe('Why it does not matter.'),
      }),
    )
    .prefault([])
    .describe('Findings that are known, until a date and with a reason.'),
});

const checksSchema = closedMap({
  format: z.boolean().prefault(DEFAULTS.checks.format).describe('cargo fmt --check'),
  lint: z.boolean().prefault(DEFAULTS.checks.lint).describe('cargo clippy -D warnings'),
  coverage: quantity('share', 'Least share of the lines that the tests must run.').optional(),
  audit: auditSchema.optional().describe('Known weaknesses of the dependencies.'),
  capabilities: closedMap({ lock: z.string().min(1).describe('File that lists what the module may do.') })
    .optional()
    .describe('What the module may ask of its host.'),
});

const endToEndSchema = closedMap({
  postman: z.string().min(1).optional().describe('A Postman collection.'),
  run: z.string().min(1).optional().describe('A command.'),
}).transform(({ postman, run }, context) => {
  const kind = onlyKey({ postman, run }, ['postman', 'run'], context);
  return kind === null ? z.NEVER : { kind, what: (kind === 'postman' ? postman : run) ?? '' };
});

const testsSchema = closedMap({
  unit: z.boolean().prefault(DEFAULTS.tests.unit).describe('Tests inside of the sources.'),
  integration: z.boolean().prefault(DEFAULTS.tests.integration).describe('Tests in the `tests` folder.'),
  bench: z.boolean().prefault(DEFAULTS.tests.bench).describe('Benchmarks.'),
  e2e: endToEndSchema.optional().describe('End-to-end tests, against a running service.'),
});

/** Host with an optional port, then the path; neither tag nor digest (facts/oci.md: the distribution grammar). */
const REPOSITORY = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]+)?(\/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+$/;
const repositorySchema = textLike(
  REPOSITORY,
  'a repository such as ghcr.io/acme/greeter, without a tag',
  'Where the image is pushed; the layout of the home only when absent.',
);

const signSchema = closedMap({
  key: secretReference('The key: `env:NAME` or `file:PATH`.').optional(),
  keyless: z.literal(true).optional().describe('Sign with the identity of the CI job.'),
}).transform(({ key, keyless }, context) => {
  const kind = onlyKey({ key, keyless }, ['key', 'keyless'], context);
  if (kind === null) return z.NEVER;
  return kind === 'key' && key !== undefined ? { kind, key } : ({ kind: 'keyless' } as const);
});

const imageMap = closedMap({
  repository: repositorySchema.optional(),
  platforms: z
    .array(z.enum(PLATFORMS))
    .min(1)
    .prefault([...DEFAULTS.image.platforms])
    .describe('What the image runs on.'),
  sign: signSchema.optional().describe('How the image is signed.'),
});

const imageSchema = z
  .union([repositorySchema, imageMap])
  .transform((image): z.output<typeof imageMap> =>
    typeof image === 'string' ? imageMap.parse({ repository: image }) : image,
  );

const notifySchema = closedMap({
  slack: secretReference('Address of an incoming webhook.').optional(),
  webhook: secretReference('Address that gets a POST.').optional(),
  email: closedMap({
    to: z.array(z.email()).min(1).describe('Addresses.'),
    smtp: secretReference('Address of the mail server.'),
  })
    .optional()
    .describe('Mail.'),
  when: z.array(z.enum(NOTICES)).min(1).optional().describe('Which news; all when absent.'),
}).transform(({ when, ...channels }, context) => {
  const kind = onlyKey(channels, ['slack', 'webhook', 'email'], context);
  return kind === null ? z.NEVER : { kind, channel: channels[kind], when: when ?? [...NOTICES] };
});

const oneLine = z.string().regex(/^[^\r\n]*\S[^\r\n]*$/, 'one line of text');

const DEPLOY_ON = 'of the jobs that deploy or roll back; as all others when absent.';

const ciSchema = closedMap({
  install: z
    .array(oneLine)
    .optional()
    .describe(
      'Command lines that bring `slipway` and the toolchain to a runner; npm and rustup when absent, `[]`: all is there.',
    ),
  github: closedMap({
    runsOn: oneLine.prefault(DEFAULTS.ci.runsOn).describe('Label of the runners.'),
    deployOn: oneLine.optional().describe(`Label ${DEPLOY_ON}`),
  })
    .prefault({})
    .describe('GitHub Actions.'),
  gitlab: closedMap({
    image: oneLine.optional().describe("Image of the jobs; the runner's own when absent."),
    tags: z.array(oneLine).prefault([]).describe('Tags of the runners.'),
    deployOn: z.array(oneLine).min(1).optional().describe(`Tags ${DEPLOY_ON}`),
  })
    .prefault({})
    .describe('GitLab CI.'),
  jenkins: closedMap({
    agent: oneLine.optional().describe('Label of the agents; any when absent.'),
    deployOn: oneLine.optional().describe(`Label ${DEPLOY_ON}`),
  })
    .prefault({})
    .describe('Jenkins.'),
});

export const projectSchema = closedMap(
  {
    service: textLike(DNS_LABEL, DNS_LABEL_RULE, 'Names workloads, images and metrics. A DNS label.'),
    build: buildSchema.prefault({}).describe('How the module is built.'),
    checks: checksSchema.prefault({}).describe('What is looked at before anything is built.'),
    tests: testsSchema.prefault({}).describe('Which tests run.'),
    image: imageSchema.prefault({}).describe('What is packed. A text is the repository.'),
    branches: z.enum(['gitflow', 'trunk']).optional().describe('Which branch is deployed where.'),
    environments: z
      .record(textLike(DNS_LABEL, DNS_LABEL_RULE, ''), environmentSchema)
      .prefault({})
      .describe('Where releases are deployed; `local` is there without being written.'),
    notify: z.array(notifySchema).prefault([]).describe('Who is told what.'),
    ci: ciSchema.prefault({}).describe('The runners, for `slipway ci generate`.'),
  },
  'slipway.yaml: what is built, checked and deployed.',
);

export type WrittenProject = z.output<typeof projectSchema>;
