import { describe, expect, test } from 'vitest';
import { parseProject } from './parse-project.ts';
import type { Problem } from './problem.ts';

const parse = (text: string) => parseProject(text, 'slipway.yaml', { toolchain: 'rust', file: 'Cargo.toml' });
const told = (problems: readonly Problem[]) =>
  problems.map(({ code, line, column, length }) => `${line}:${column}+${length} ${code.replace('config/', '')}`);
/** The problems of an environment `staging` with these keys, written on line 2. */
const inStaging = (keys: string) => parse(`service: greeter\nenvironments: { staging: { ${keys} } }\n`).problems;
/** Without those that only say that the feature is not there yet. */
const wrong = (problems: readonly Problem[]) => problems.filter(({ code }) => code !== 'config/not-yet');

test('the smallest file has one environment, local, with every default', () => {
  const { project, problems } = parse('service: greeter\n');
  expect(problems).toEqual([]);
  expect(project).toMatchObject({
    service: 'greeter',
    build: { toolchain: 'rust', target: 'wasm32-wasip2', optimise: 'Oz', maxSize: null },
    checks: { format: true, lint: true },
    tests: { unit: true, integration: true },
    image: { repository: null, platforms: ['linux/amd64', 'linux/arm64', 'wasi/wasm'] },
    branches: null,
  });
  expect(project?.environments).toHaveLength(1);
  expect(project?.environments[0]).toMatchObject({
    name: 'local',
    implicit: true,
    platform: { kind: 'embedded', engine: 'node' },
    spec: {
      replicas: 1,
      strategy: {
        kind: 'canary',
        steps: null,
        deadline: 600_000,
        keep: 600_000,
        judge: {
          falseAlarm: 0.01,
          miss: 0.05,
          tolerate: 1,
          detect: 2,
          within: 900_000,
          slo: { errors: 0.01, p99: null },
        },
      },
      guard: 0,
      keep: 3,
      limits: { memory: 256_000_000, request: 10_000 },
    },
  });
});

test('the usual file: shorthands, a preset, and local beside what is written', () => {
  const usual = `service: greeter
image: ghcr.io/acme/greeter
branches: gitflow
environments: { staging: {}, production: { approval: 1 } }
`;
  const { draft, problems } = parse(usual);
  expect(told(problems)).toEqual([]);
  expect(draft?.image.repository).toBe('ghcr.io/acme/greeter');
  expect(draft?.environments.map(({ name }) => name)).toEqual(['staging', 'production', 'local']);
  expect(draft?.environments[1]?.spec.approval).toEqual({ count: 1, by: [], expires: null });
});

test('a gate of end-to-end tests needs some to run', () => {
  const file = (tests: string) => `service: greeter
${tests}environments:
  staging:
    gates: { e2e: true }
  production:
    strategy: { blueGreen: { before: { e2e: true } } }
`;
  const { problems } = parse(file(''));
  expect(told(problems)).toEqual(['4:19+4 contradiction', '6:45+4 contradiction']);
  expect(problems[0]?.message).toBe('there are no end-to-end tests to run');
  expect(told(parse(file('tests: { e2e: { run: ./e2e.sh } }\n')).problems)).toEqual([]);
});

test('ten mistakes in one file are reported together, each at its place', () => {
  const file = `service: greeter
build:
  toolchain: assemblyscript
  target: wasm32-wasip2
  maxSize: 1200
checks:
  fromat: true
image:
  platforms: [linux/amd64, linux/arm64
environments:
  staging:
    replicas: 2
    replicas: 3
    from: [develop, main]
    strategy: { rolling: { maxSurge: 0, maxUnavailable: 0 } }
  production:
    from: main
    secrets:
      DATABASE_URL: postgres://root:hunter2@db/app
    strategy:
      canary:
        steps: [{ weight: 50% }, { pause: 1m }, { weight: 10% }]
`;
  const { project, problems } = parse(file);
  expect(project).toBeNull();
  expect(told(problems)).toEqual([
    '3:14+14 not-yet', // AssemblyScript is not built yet …
    '4:11+13 wrong-target', // … and would not build this target
    '5:12+4 wrong-unit',
    '7:3+6 unknown-key',
    '9:14+25 syntax',
    '13:5+8 duplicate-key',
    '15:57+1 contradiction', // surge = unavailable = 0
    '17:11+4 contradiction', // main is claimed twice
    '19:21+30 literal-secret',
    '22:59+3 contradiction', // weights fall
  ]);
  const hints = Object.fromEntries(problems.map(({ line, hint }) => [line, hint]));
  expect(hints[5]).toBe('Did you mean `1200MB`?');
  expect(hints[7]).toBe('Did you mean `format`?');
  expect(problems.find(({ line }) => line === 17)?.message).toBe(
    'staging is deployed from main too, by `from` on line 14',
  );
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

describe('what is wrong is told with its place and its remedy', () => {
  const first = (text: string) => {
    const [problem] = parse(text).problems;
    return (
      problem && [
        `${problem.line}:${problem.column}`,
        problem.code.replace('config/', ''),
        problem.message,
        problem.hint,
      ]
    );
  };

  test('an unknown key names the nearest', () => {
    expect(first('service: a\nenvironments: { production: { replica: 2 } }\n')).toEqual([
      '2:31',
      'unknown-key',
      'there is no key `replica` here',
      'Did you mean `replicas`?',
    ]);
    expect(first('service: a\nzebra: 1\n')?.[3]).toContain('Known here: service, build');
  });

  test('an unknown strategy is one problem, not two', () => {
    expect(told(inStaging('strategy: { canry: {} }'))).toEqual(['2:40+5 unknown-key']);
    expect(told(inStaging('strategy: canry'))).toEqual(['2:38+5 wrong-value']);
  });

  test('a missing service is told at the first line', () => {
    expect(first('')).toEqual(['1:1', 'missing-key', '`service` is missing', 'Add `service`: a text.']);
    expect(first('branches: trunk\n')?.[0]).toBe('1:1');
    expect(first('- a\n')?.[1]).toBe('wrong-type');
  });

  test('a service must be a DNS label', () => {
    for (const name of ['Greeter', 'gre_eter', 'a.b', '-a', '1a', 'a'.repeat(64)]) {
      expect(first(`service: ${name}\n`)?.[1]).toBe('wrong-value');
    }
  });

  test.each([
    ['strategy: { canary: { steps: [{ pause: 60 }] } }', '`60` has no unit', 'Did you mean `60s`?'],
    ['strategy: { canary: { steps: [{ pause: 5min }] } }', '`5min` is not', 'Did you mean `5m`?'],
    ['strategy: { canary: { steps: [{ weight: 10 }] } }', '`10` has no unit', 'Did you mean `10%`?'],
    ['strategy: { canary: { steps: [{ weight: 120% }] } }', '`120%` is not', 'a share such as 10% or 0.1%'],
    ['strategy: { canary: { judge: { detect: 2 } } }', '`2` has no unit', 'Did you mean `2x`?'],
    ['gates: { load: { rate: 200 } }', '`200` has no unit', 'Did you mean `200/s`?'],
    ['limits: { memory: 64mb }', '`64mb` is not', 'Did you mean `64MB`?'],
    ['strategy: { rolling: { maxSurge: 1.5 } }', '1.5 is neither', 'a whole number such as 2'],
  ])('a wrong unit: %s', (keys, message, hint) => {
    const [problem, ...others] = wrong(inStaging(keys));
    expect(problem).toMatchObject({
      code: 'config/wrong-unit',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(others).toEqual([]);
  });

  test.each([
    ['steps: [{ weight: 50% }, { weight: 50% }]', 'the weight stays at 50%; weights must rise'],
    ['steps: [{ weight: 50% }, { pause: 1m }, { weight: 5% }]', 'the weight falls from 50% to 5%; weights must rise'],
    ['steps: [{ weight: 0% }]', 'a weight of 0% shows the candidate to nobody'],
    ['steps: [{ weight: 5%, pause: 1m }]', 'weight and pause exclude each other'],
    ['judge: { tolerate: 2x }', '`detect` (2x) must be greater than `tolerate` (2x)'],
    ['judge: { falseAlarm: 0% }', '`falseAlarm` is the probability of a wrong decision'],
    ['judge: { miss: 50% }', '`miss` is the probability of a wrong decision'],
    ['judge: { slo: { p99: 0s } }', 'no request is answered in no time'],
    ['match: { headers: {} }', 'no header is named'],
  ])('a contradiction in a canary: %s', (keys, message) => {
    const problems = inStaging(`strategy: { canary: { ${keys} } }`);
    expect(problems).toMatchObject([{ code: 'config/contradiction', message: expect.stringContaining(message) }]);
  });

  test('a judge before the switch needs something that sends requests to the preview', () => {
    const before = (keys: string) => inStaging(`strategy: { blueGreen: { before: { ${keys} } } }`);
    expect(before('judge: {}')).toMatchObject([
      { code: 'config/contradiction', message: 'nothing is sent to the preview that could be judged' },
    ]);
    expect(before('judge: {}, load: { rate: 50/s }')).toEqual([]);
    expect(inStaging('gates: { load: { rate: 50/s } }, strategy: { blueGreen: { before: { judge: {} } } }')).toEqual(
      [],
    );
  });

  test('a variable is plain or secret, not both', () => {
    expect(inStaging('config: { A: 1, B: 2 }, secrets: { B: env:B }')).toMatchObject([
      { code: 'config/contradiction', message: 'B stands in `config` as well', column: 63 },
    ]);
  });

  test.each([
    ['replicas: 2, strategy: { canary: { steps: [{ replicas: -2 }] } }', 'whole number such as 2, or a share'],
    ['strategy: { canary: { steps: [{ replicas: wieght }] } }', 'Did you mean `weight`?'],
    ['strategy: { blueGreen: { switch: automatic } }', 'Known here: auto, manual. Or write a map.'],
    ['affinity: cookies', 'Known here: none. Or write a map.'],
    ['approval: true', 'Write `approval: 1`, or `approval: { count: 1, by: [GROUP] }`.'],
    ['platform: kubernetes', 'Known here: embedded. Or write `platform: { kubernetes: { namespace: NAMESPACE } }`.'],
    ['platform: { kubernetes: true }', 'Write a map.'],
    ['affinity: { cookie: "a b" }', 'Write the name of a cookie: letters, digits, "-", "_", ".".'],
  ])('where several forms may stand the remedy is for the one that is meant: %s', (keys, hint) => {
    expect(inStaging(keys)).toMatchObject([{ hint: expect.stringContaining(hint) }]);
  });

  test('only surge and unavailable both at nothing contradict each other', () => {
    const rolling = (keys: string) => wrong(inStaging(`strategy: { rolling: { ${keys} } }`)).map(({ code }) => code);
    expect(rolling('maxSurge: 0, maxUnavailable: 0%')).toEqual(['config/contradiction']);
    expect(rolling('maxSurge: 0, maxUnavailable: 1')).toEqual([]);
    expect(rolling('maxSurge: 0')).toEqual([]);
  });

  test.each([
    ['wasm32-wasi', 'is the old name of wasm32-wasip1'],
    ['wasm32-unknown-unknown', 'is no target that can be built'],
  ])('the target %s', (target, message) => {
    const [problem] = parse(`service: a\nbuild: { target: ${target} }\n`).problems;
    expect(problem).toMatchObject({
      code: 'config/wrong-target',
      column: 18,
      message: expect.stringContaining(message),
    });
    expect(problem?.hint).toContain('wasm32-wasip2');
    expect(problem?.hint).toContain('wasm32-wasip1');
  });

  test('without a sign of a toolchain one must be written', () => {
    const { problems } = parseProject('service: a\n', 'slipway.yaml', null);
    expect(problems).toMatchObject([
      { code: 'config/missing-key', line: 1, message: expect.stringContaining('Cargo.toml') },
    ]);
    expect(parseProject('service: a\nbuild: { toolchain: rust }\n', 'slipway.yaml', null).problems).toEqual([]);
    const go = parseProject('service: a\n', 'slipway.yaml', { toolchain: 'go', file: 'go.mod' });
    expect(go.problems).toMatchObject([{ code: 'config/not-yet', message: expect.stringContaining('go.mod') }]);
  });

  test('an image is a repository without a tag', () => {
    expect(first('service: a\nimage: ghcr.io/acme/greeter:latest\n')?.[1]).toBe('wrong-value');
    expect(parse('service: a\nimage: localhost:5000/greeter\n').problems).toEqual([]);
  });

  test('a duration that is an object is told what to be', () => {
    expect(wrong(inStaging('guard: {}'))).toMatchObject([{ code: 'config/wrong-type' }]);
  });
});

describe('secrets', () => {
  test.each(['hunter2', 'env:1A', '$DATABASE_URL', '42'])('%s is no reference', (value) => {
    expect(wrong(inStaging(`secrets: { A: ${value} }`))).toMatchObject([{ code: 'config/literal-secret' }]);
  });

  test('a shell variable is told how it is written here', () => {
    expect(wrong(inStaging('secrets: { A: "${TOKEN}" }'))[0]?.hint).toBe('Write `env:TOKEN`.');
  });

  test('a plain value that is a secret by its shape is found, masked, and an ordinary one is not', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const [problem] = inStaging(`config: { TOKEN: ${token} }`);
    expect(problem?.code).toBe('config/literal-secret');
    expect(problem?.sourceLine).not.toContain(token);
    expect(inStaging('config: { DB: "postgres://app:pw@db/x" }')).toHaveLength(1);
    expect(inStaging('config: { DB: "postgres://db/x", TOKEN_TTL: 5m, PASSWORD_LENGTH: 8, FLAG: true }')).toEqual([]);
  });

  test('a secret is not shown by another problem of its line either', () => {
    const { problems } = parse(
      'service: a\nenvironments:\n  x:\n    secrets:\n      A: env:A\n      A: https://u:hunter2@h/\n',
    );
    expect(problems.map(({ code, line }) => `${line} ${code}`)).toContain('6 config/duplicate-key');
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('a number that YAML would change must be quoted', () => {
    expect(inStaging('config: { VERSION: 1.10 }')).toMatchObject([
      { code: 'config/wrong-type', hint: "Write '1.10' in quotes." },
    ]);
    expect(inStaging('config: { PORT: 8080, VERSION: "1.10" }')).toEqual([]);
  });
});

describe('environments', () => {
  const claims = (text: string) => wrong(parse(`service: a\n${text}`).problems);

  test('two that claim one branch by overlapping patterns', () => {
    const [problem] = claims('environments:\n  one: { from: [release/*] }\n  two: { from: ["*/2"] }\n');
    expect(problem).toMatchObject({ code: 'config/contradiction', line: 4, column: 17 });
    expect(problem?.message).toContain('some branches are claimed by two (*/2) and by one (release/*)');
  });

  test('one that claims a branch which the preset gives to another', () => {
    const [problem] = claims('branches: gitflow\nenvironments:\n  staging: {}\n  other: { from: develop }\n');
    expect(problem).toMatchObject({ line: 5, message: 'staging is deployed from develop too, by `branches: gitflow`' });
    const [earlier] = claims('branches: gitflow\nenvironments:\n  other: { from: develop }\n  staging: {}\n');
    expect(earlier).toMatchObject({ line: 4, message: 'staging is deployed from develop too, by `branches: gitflow`' });
  });

  test('a preset may give one branch to two, and so may `needs`', () => {
    expect(claims('branches: trunk\nenvironments: { staging: {}, production: {} }\n')).toEqual([]);
    expect(claims('environments: { a: { from: main }, b: { from: main, needs: [a] } }\n')).toEqual([]);
  });

  test('`needs` must name another environment, and not in a circle', () => {
    expect(claims('environments: { a: { needs: [stagging] }, staging: {} }\n')[0]?.hint).toBe(
      'Did you mean `staging`?',
    );
    expect(claims('environments: { a: { needs: [a] } }\n')[0]?.message).toBe('a needs itself');
    expect(claims('environments: { a: { needs: [b] }, b: { needs: [a] } }\n')).toHaveLength(2);
  });

  test('what is needed comes first, then the order of the presets', () => {
    const { draft } = parse('service: a\nenvironments: { production: {}, x: {}, staging: { needs: [x] } }\n');
    expect(draft?.environments.map(({ name }) => name)).toEqual(['x', 'staging', 'production', 'local']);
  });

  test('one without a value takes all defaults, and local may be written', () => {
    const { project } = parse('service: a\nenvironments:\n  local:\n');
    expect(project?.environments).toMatchObject([{ name: 'local', implicit: false, spec: { replicas: 1 } }]);
  });
});
