/** Command lines and names of images that are wrong wherever they stand. */

import type { Hit } from '../finding.ts';
import { matches, type Rule } from '../rule.ts';
import { ALL_KINDS, type SourceFile } from '../source-file.ts';

export const COMMAND_RULES: readonly Rule[] = [
  {
    code: 'rust/wasm32-wasi',
    kinds: ALL_KINDS,
    what: 'the target `wasm32-wasi` is gone',
    why: 'Rust 1.84 removed it: the build fails with "could not find specification for target".',
    right: '`wasm32-wasip1` for a core module, `wasm32-wasip2` for a component',
    source: 'https://blog.rust-lang.org/2024/04/09/updates-to-rusts-wasi-targets.html',
    find: (file) =>
      matches(file, /(?<![\w-])wasm32-wasi(?![\w-])/g, ({ index }) => ({
        right: `\`${lineAt(file, index)
          .trim()
          .replaceAll(/wasm32-wasi(?![\w-])/g, 'wasm32-wasip1')}\` (a core module; \`wasm32-wasip2\` for a component)`,
      })),
  },
  {
    code: 'rust/platform-as-target',
    kinds: ALL_KINDS,
    what: 'the platform of an image is no target of Rust',
    why: 'A target is a triple: the build fails with "could not find specification for target". And a Wasm module is built once, for all platforms.',
    right: '`--target wasm32-wasip1`, once; for a native program a triple such as `x86_64-unknown-linux-gnu`',
    source: 'https://doc.rust-lang.org/rustc/platform-support.html',
    find: platformsAsTargets,
  },
  {
    code: 'istio/old-api',
    kinds: ALL_KINDS,
    what: 'an old version of the Istio API',
    why: 'It is still served, but `v1` is what Istio 1.22 and later store.',
    right: '`networking.istio.io/v1`',
    source: 'https://istio.io/latest/blog/2024/v1-apis/',
    find: (file) => matches(file, /networking\.istio\.io\/v1(?:alpha3|beta1)/g),
  },
  {
    code: 'image/bitnami',
    kinds: ALL_KINDS,
    what: 'an image of the Bitnami catalogue, which is gone',
    why: 'It was moved to `bitnamilegacy` (no updates) and removed from `docker.io/bitnami` in September 2025.',
    right:
      '`registry.k8s.io/kubectl:vX.Y.Z@sha256:…` for kubectl, else the image of the project itself, by its digest; or no image: `slipway deploy` needs no kubectl',
    source: 'https://github.com/bitnami/charts/issues/35164',
    find: bitnamiImages,
  },
  {
    code: 'buildx/gha-cache',
    kinds: ALL_KINDS,
    what: 'the cache `type=gha` without a scope, or outside of GitHub',
    why: 'It works in GitHub Actions alone, and without `scope` the jobs of a matrix overwrite each other.',
    right: '`type=registry,ref=REGISTRY/NAME:buildcache,mode=max` on every host; on GitHub at least `type=gha,scope=…`',
    source: 'https://docs.docker.com/build/cache/backends/gha/',
    find: (file) =>
      matches(file, /type=gha(?![\w-])[^\s"']*/g, ([value]) =>
        file.kind === 'github' && /[,&]scope=/.test(value) ? null : {},
      ),
  },
  {
    code: 'buildx/wasi-platform',
    kinds: ALL_KINDS,
    what: '`wasi/wasm` is no platform that buildx should build',
    why: "OCI took the exception for it back, and Docker Desktop's Wasm workloads are no longer maintained: a module needs no Dockerfile and no emulator.",
    right:
      'push the module as an OCI artifact of its own (`slipway run package` does), and build only Linux platforms with buildx',
    source: 'https://github.com/opencontainers/image-spec/pull/1055',
    find: wasiPlatforms,
  },
];

export function lineAt({ text }: SourceFile, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? text.length : end);
}

const PLATFORM = String.raw`(?:linux|windows|darwin|freebsd)\/[a-z0-9]+(?:\/v\d)?`;

/** Written out, or as the values of a matrix that the command line takes its target from. */
function* platformsAsTargets(file: SourceFile): Generator<Hit> {
  yield* matches(file, new RegExp(String.raw`(?<=--target(?:=|\s+)["']?)${PLATFORM}`, 'g'));
  const names = file.code.matchAll(/--target(?:=|\s+)["']?\$(?:\{\{\s*matrix\.)?\{?(\w+)/g);
  const keys = new Set([...names].map(([, name]) => name));
  for (const { path, text, value } of file.yaml?.spots ?? []) {
    const [key, item] = path.slice(-2);
    const named = typeof item === 'number' ? key : item;
    const inMatrix = path.includes('matrix') && keys.has(String(named));
    if (inMatrix && new RegExp(`^${PLATFORM}$`).test(text ?? '')) yield value;
  }
}

/** With a tag, or where an image is named; charts of the same name are no images. */
function* bitnamiImages(file: SourceFile): Generator<Hit> {
  const image = String.raw`(?:docker\.io\/)?bitnami\/[a-z0-9][a-z0-9._-]*`;
  const version = String.raw`(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]+)?`;
  const where = new RegExp(String.raw`(?<![\w/.-])${image}${version}`, 'g');
  yield* matches(file, where, ({ 0: found, index }) => {
    const before = lineAt(file, index).slice(0, index - file.text.lastIndexOf('\n', index - 1) - 1);
    const named = /(?:\bimage["']?\s*[:=(]?\s*["']?|\bname:\s*["']?|^\s*FROM\s+(?:--\S+\s+)?|\bdocker\s.*)$/i.test(
      before,
    );
    return named || /[:@]/.test(found) ? {} : null;
  });
}

function* wasiPlatforms(file: SourceFile): Generator<Hit> {
  yield* matches(file, /(?<=--platform(?:=|\s+)["']?[\w/,]*)wasi\/wasm(?:32|64)?/g);
  for (const { path, text, value } of file.yaml?.spots ?? []) {
    if (!path.some((key) => key === 'platforms' || key === 'platform')) continue;
    const found = /\bwasi\/wasm(?:32|64)?/.exec(text ?? '');
    if (found === null) continue;
    const from = file.text.indexOf(found[0], value.from);
    yield { from, to: from + found[0].length };
  }
}
