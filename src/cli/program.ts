/** The command line: names, arguments and help. Each command's code is loaded only when it runs. */

import { Argument, Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { parseQuantity } from '../kernel/quantity.ts';
import type { ApprovalOptions } from './commands/approve.ts';
import type { PlainVerb } from './commands/verbs.ts';
import type { System } from '../system.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** What a command line is run with; `run` is handed the command's work. */
export interface Scene {
  readonly system: System;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly run: (work: Promise<ExitCode>) => Promise<void>;
}

/** Parses the command line and runs the command that it names. */
export async function runProgram(argv: readonly string[], scene: Scene): Promise<void> {
  await buildProgram(scene).parseAsync(argv);
}

function buildProgram(scene: Scene): Command {
  const program = new Command('slipway')
    .description('From a commit to production, and a bad release back again.')
    .version(scene.system.version)
    .showSuggestionAfterError()
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage);
    });
  addProjectCommands(program, scene);
  addPipelineCommands(program, scene);
  addDeliveryCommands(program, scene);
  addClusterCommands(program, scene);
  addAgentCommands(program, scene);
  addCiCommands(program, scene);
  return program;
}

function addProjectCommands(program: Command, { terminal, run }: Scene): void {
  program
    .command('init')
    .description('write the smallest slipway.yaml that does the job for this Cargo project')
    .option('-y, --yes', 'ask nothing')
    .action((options) => run(import('./commands/project.ts').then((it) => it.runInit(terminal, options.yes === true))));
  program
    .command('config')
    .description('print slipway.yaml with every default filled in, and where each value comes from')
    .option('--json', 'as JSON')
    .action((options) =>
      run(import('./commands/project.ts').then((it) => it.runConfig(terminal, options.json === true))),
    );
  program
    .command('doctor')
    .description('name what is wrong or outdated in the workflows, .gitlab-ci.yml and Jenkinsfile of this repository')
    .argument('[paths...]', 'files and folders; all of the repository when none is given')
    .option('--json', 'as JSON')
    .action((paths, options) =>
      run(import('./commands/doctor.ts').then((it) => it.runDoctor(terminal, { paths, json: options.json === true }))),
    );
  program
    .command('schema')
    .description('print the JSON Schema of slipway.yaml, for editors')
    .action(() => run(import('./commands/project.ts').then((it) => it.runSchema(terminal))));
}

function addPipelineCommands(program: Command, { system, terminal, signal, run }: Scene): void {
  program
    .command('plan')
    .description('print what would run for this revision, where it would go and why, and what the cache already has')
    .option('--ref <ref>', 'plan for this branch or tag instead of the one that is checked out')
    .option('--json', 'as JSON')
    .action((options) =>
      run(
        import('./commands/plan.ts').then((it) =>
          it.runPlan(system, terminal, { ref: options.ref, json: options.json === true, signal }),
        ),
      ),
    );
  program
    .command('run')
    .description('run the pipeline up to a stage (check, build, test, package); all of it when none is named')
    .argument('[stage]')
    .option('--deploy', 'deploy when it has passed (the default in CI)')
    .option('--no-push', 'leave the registry alone')
    .option('--json', 'print the report as JSON')
    .option('--reports <folder>', 'leave reports for a CI system there (its jobs get them in .slipway/reports)')
    .action((stage, options) =>
      run(
        import('./commands/run.ts').then((it) =>
          it.runRun(system, terminal, {
            stage,
            deploy: options.deploy === true,
            push: options.push,
            json: options.json === true,
            reports: options.reports,
            signal,
          }),
        ),
      ),
    );
  program
    .command('image')
    .description('look at images in the home')
    .command('inspect')
    .description('print what is in an image: platforms, layers, sizes, the module')
    .argument('[image]', 'a digest or a tag in the home; the newest when none is given')
    .option('--json', 'as JSON')
    .action((image, options) =>
      run(
        import('./commands/image.ts').then((it) =>
          it.runInspect(system, terminal, { image, json: options.json === true }),
        ),
      ),
    );
}

function addDeliveryCommands(program: Command, { system, terminal, signal, run }: Scene): void {
  program
    .command('deploy')
    .description('run the pipeline and roll the image out')
    .argument('[environment]', 'where to; by the branch rules when none is named, else "local"')
    .option('--no-wait', 'return when the rollout has begun')
    .option('--no-push', 'leave the registry alone: the image is there, or is not needed there')
    .option('--approved-by-host', 'in a job of a CI system that has passed the gate of the environment: one approval')
    .action((environment, options) =>
      run(
        import('./commands/deploy.ts').then((it) =>
          it.runDeploy(system, terminal, {
            environment,
            wait: options.wait,
            push: options.push,
            approvedByHost: options.approvedByHost === true,
            signal,
          }),
        ),
      ),
    );
  program
    .command('status')
    .description('print what serves, how far the rollout is and what it waits for')
    .argument('[environment]')
    .option('-w, --watch', 'go on until interrupted')
    .option('--json', 'as JSON')
    .action((environment, options) =>
      run(
        import('./commands/status.ts').then((it) =>
          it.runStatus(system, terminal, {
            environment,
            watch: options.watch === true,
            json: options.json === true,
            signal,
          }),
        ),
      ),
    );
  addVerbs(program, { system, terminal, signal, run });
  addBacktest(program, { terminal, run });
  program
    .command('history')
    .description('print the rollouts of an environment, the newest first')
    .argument('[environment]')
    .option('--json', 'as JSON')
    .action((environment, options) =>
      run(
        import('./commands/history.ts').then((it) =>
          it.runHistory(system, terminal, { environment, json: options.json === true }),
        ),
      ),
    );
  program
    .command('why')
    .description('say in plain words why a rollout went as it did')
    .argument('[rollout]', 'its number, or environment/number; the last one when none is given')
    .action((rollout) => run(import('./commands/history.ts').then((it) => it.runWhy(system, terminal, rollout))));
  program
    .command('logs')
    .description("print requests and the service's own output")
    .argument('[environment]')
    .option('-f, --follow', 'go on until interrupted')
    .action((environment, options) =>
      run(
        import('./commands/logs.ts').then((it) =>
          it.runLogs(system, terminal, { environment, follow: options.follow === true, signal }),
        ),
      ),
    );
  program
    .command('rehearse')
    .description('say what a rollout would do, on a virtual clock')
    .argument('<file>')
    .option('--json', 'as JSON')
    .option('--seeds <n>', 'run so many seeds and print how often each outcome came', wholeNumber)
    .action((file, options) =>
      run(
        import('./commands/rehearse.ts').then((it) =>
          it.runRehearse(terminal, { file, json: options.json === true, seeds: options.seeds }),
        ),
      ),
    );
}

function addClusterCommands(program: Command, { system, terminal, signal, run }: Scene): void {
  program
    .command('manifests')
    .description('print as YAML what is applied to the cluster of an environment')
    .argument('<environment>')
    .option('--release <n>', 'of a release that was deployed; what a deployment would make when not given', wholeNumber)
    .action((environment, options) =>
      run(
        import('./commands/manifests.ts').then((it) =>
          it.runManifests(system, terminal, { environment, release: options.release, signal }),
        ),
      ),
    );
  program
    .command('rbac')
    .description('print as YAML the least rights that Slipway needs on a cluster')
    .argument('[environment]')
    .action((environment) => run(import('./commands/rbac.ts').then((it) => it.runRbac(system, terminal, environment))));
}

function addBacktest(program: Command, { terminal, run }: Pick<Scene, 'terminal' | 'run'>): void {
  program
    .command('backtest')
    .description('say what each policy would have decided on recorded traffic, and when')
    .argument(
      '<file>',
      'what "slipway history --json" prints, a range of Prometheus, or rows of counters; - for standard input',
    )
    .option('--candidate <labels>', "which series are the candidate's: release=v2")
    .option('--stable <labels>', 'which are those of the stable release beside it')
    .option('--errors <labels>', 'which series count errors; those with a status of 5xx when not given')
    .option('--total <labels>', 'which series count requests; all when not given')
    .option('--rollout <n>', 'of a history only this rollout', wholeNumber)
    .option('--slo <share>', 'the share of errors that counts as good', shareOf, 0.01)
    .option('--json', 'as JSON')
    .action((file, options) => {
      const { candidate, stable, errors, total, rollout, slo } = options;
      const wish = { file, candidate, stable, errors, total, rollout, slo, json: options.json === true };
      return run(import('./commands/backtest.ts').then((it) => it.runBacktestCommand(terminal, wish)));
    });
}

function shareOf(text: string): number {
  const share = parseQuantity('share', text);
  if (share === undefined || share <= 0 || share >= 1) throw new InvalidArgumentError('a share such as 1% is needed');
  return share;
}

function addVerbs(program: Command, { system, terminal, run }: Scene): void {
  const verb = (environment: string | undefined, chosen: PlainVerb): Promise<void> =>
    run(import('./commands/verbs.ts').then((it) => it.runVerb(system, terminal, { environment, verb: chosen })));
  program
    .command('promote')
    .description('end the present pause')
    .argument('[environment]')
    .option('--full', 'skip the judge and all pauses that are left')
    .action((environment, options) => verb(environment, { kind: options.full === true ? 'promoteFully' : 'promote' }));
  const simple = [
    ['abort', 'take the candidate back; the stable release serves'],
    ['retry', 'roll an aborted release out once more, with the evidence that there is'],
    ['pause', 'hold the rollout where it is'],
    ['resume', 'end a pause by hand'],
  ] as const;
  for (const [kind, description] of simple) {
    program
      .command(kind)
      .description(description)
      .argument('[environment]')
      .action((environment) => verb(environment, { kind }));
  }
  addApprovals(program, { system, terminal, run });
  program
    .command('rollback')
    .description('send all requests to a kept release at once')
    .argument('[environment]')
    .option('--to <n>', 'the number of the release; the one before when none is given', wholeNumber)
    .action((environment, options) => verb(environment, { kind: 'rollback', to: options.to ?? null }));
}

function addApprovals(program: Command, { system, terminal, run }: Omit<Scene, 'signal'>): void {
  const decide = (options: ApprovalOptions): Promise<void> =>
    run(import('./commands/approve.ts').then((it) => it.runApproval(system, terminal, options)));
  const who = (command: Command<[string | undefined]>) =>
    command
      .option('--as <name>', 'who you are; by default the user.name of git, else USER')
      .option('--group <group>', 'a group that you are in; may be given again', also, []);
  who(
    program.command('approve').description('say yes to the release that waits for it').argument('[environment]'),
  ).action((environment, options) => decide({ environment, as: options.as, groups: options.group, answer: 'approve' }));
  program
    .command('reject')
    .description('say no to the release that waits for an approval: its rollout ends')
    .argument('[environment]')
    .option('--as <name>', 'who you are; by default the user.name of git, else USER')
    .option('--because <text>', 'why')
    .action((environment, options) =>
      decide({ environment, as: options.as, groups: [], answer: 'reject', because: options.because }),
    );
}

function also(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function addAgentCommands(program: Command, { system, terminal, signal, run }: Scene): void {
  program
    .command('serve')
    .description('run the agent of this home in the foreground')
    .option('--quiet', 'say nothing')
    .action((options) =>
      run(
        import('./commands/serve.ts').then((it) =>
          it.runServe(system, terminal, { quiet: options.quiet === true, signal }),
        ),
      ),
    );
  program
    .command('down')
    .description('end the agent, the router and all replicas of this home')
    .option('--agent', 'end only the agent')
    .action((options) =>
      run(import('./commands/serve.ts').then((it) => it.runDown(system, terminal, options.agent === true))),
    );
}

function addCiCommands(program: Command, { system, terminal, signal, run }: Scene): void {
  const ci = program.command('ci').description('the files that make a CI system run this pipeline');
  ci.command('generate')
    .description('write .github/workflows/slipway.yml, .gitlab-ci.yml or Jenkinsfile from slipway.yaml')
    .addArgument(new Argument('<host>').choices(['github', 'gitlab', 'jenkins'] as const))
    .option('--check', 'write nothing, and fail with the difference when the file is not what it would be')
    .option('--stdout', 'print it instead')
    .option('--force', 'write over a file that was not generated')
    .action((host, options) => {
      const { check = false, stdout = false, force = false } = options;
      return run(
        import('./commands/ci.ts').then((it) => it.runGenerate(system, terminal, { host, check, stdout, force })),
      );
    });
  ci.command('update')
    .description('look for newer versions of the actions that the workflow runs, and write slipway.ci.lock anew')
    .action(() => run(import('./commands/ci.ts').then((it) => it.runUpdate(system, terminal, signal))));
}

function wholeNumber(text: string): number {
  const value = Number(text.replace(/^#/, ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 is needed');
  return value;
}
