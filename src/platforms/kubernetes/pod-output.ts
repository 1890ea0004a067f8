/** What the pods of an environment have said, as one stream of lines. */

import type { ClusterClient, KubernetesObject } from './cluster-client.ts';
import { KINDS } from './kinds.ts';
import { environmentLabels, LABELS } from './names.ts';

export interface PodLine {
  readonly release: number;
  readonly pod: string;
  readonly text: string;
}

export interface PodOutputQuery {
  readonly client: ClusterClient;
  /** `service/environment`. */
  readonly key: string;
  /** Of these releases; empty: of all. */
  readonly releases: readonly number[];
  /** At most so many of the newest lines that are there already, of each pod. */
  readonly last: number;
  /** Go on with what is written from now on, and with pods that come, until the signal. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
}

/** Without `follow` pod by pod; with it in the order in which the lines come. */
export async function* readPodOutput(query: PodOutputQuery): AsyncGenerator<PodLine> {
  const { client, key, releases, last, follow, signal } = query;
  const pods = client.follow({ ...KINDS.pod, labels: environmentLabels(key) });
  const lines = createLines();
  const read = new Set<string>();
  const open = (pod: KubernetesObject): Promise<void> => {
    const { name } = pod.metadata;
    const release = releaseOf(pod);
    read.add(name);
    const options = { follow, tail: last, ...(signal === undefined ? {} : { signal }) };
    return lines.from(client.logs(name, options), (text) => ({ release, pod: name, text }));
  };
  const wanted = (): readonly KubernetesObject[] =>
    [...pods.objects().values()].filter(
      (pod) =>
        !read.has(pod.metadata.name) && hasRun(pod) && (releases.length === 0 || releases.includes(releaseOf(pod))),
    );
  try {
    await pods.ready(signal);
    if (!follow) {
      void Promise.all(wanted().map(open)).then(lines.end, lines.fail);
    } else {
      const look = (): void => wanted().forEach((pod) => void open(pod).catch(lines.fail));
      pods.onChange(look);
      signal?.addEventListener('abort', lines.end, { once: true });
      look();
    }
    yield* lines.all();
  } finally {
    pods.close();
  }
}

/** Of a container that waits for its image there is nothing to be read yet. */
function hasRun(pod: KubernetesObject): boolean {
  const status = pod['status'];
  return typeof status === 'object' && status !== null && 'phase' in status && status.phase !== 'Pending';
}

function releaseOf({ metadata }: KubernetesObject): number {
  return Number(metadata.labels?.[LABELS.release] ?? 0);
}

/** Lines of several streams, one after another as they come. */
function createLines() {
  const waiting: PodLine[] = [];
  let over = false;
  let failure: unknown;
  let wake = (): void => undefined;
  const changed = (): void => wake();
  return {
    from: async (stream: AsyncIterable<string>, lineOf: (text: string) => PodLine): Promise<void> => {
      for await (const text of stream) {
        waiting.push(lineOf(text));
        changed();
      }
    },
    end: (): void => {
      over = true;
      changed();
    },
    fail: (error: unknown): void => {
      failure ??= error;
      over = true;
      changed();
    },
    async *all(): AsyncGenerator<PodLine> {
      for (;;) {
        for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) yield line;
        if (over) break;
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (failure !== undefined) throw failure;
    },
  };
}
