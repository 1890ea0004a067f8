/** YAML as a flat list of its values, each with its path and where it stands. */

import { isMap, isPair, isScalar, isSeq, parseAllDocuments, type Node, type Scalar } from 'yaml';

/** Keys and indices from the root; the first is the number of the document in the file. */
export type TreePath = readonly (string | number)[];

export interface Spot {
  readonly path: TreePath;
  /** Of its key; of the value itself where it is an item of a list. */
  readonly key: Range;
  readonly value: Range;
  readonly shape: 'map' | 'list' | 'scalar';
  /** What a scalar says; `null` for the others. */
  readonly text: string | null;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface YamlTree {
  readonly spots: readonly Spot[];
  at(path: TreePath): Spot | undefined;
  /** Those directly below. */
  below(path: TreePath): readonly Spot[];
}

const MOST_SPOTS = 100_000;

/** `null` when it is no YAML. */
export function readYamlTree(text: string): YamlTree | null {
  const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false });
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return null;
  const spots: Spot[] = [];
  const add = (node: Node | null, path: TreePath, key: Range | null): void => {
    if (spots.length >= MOST_SPOTS) return;
    const value = rangeOf(node) ?? key ?? { from: 0, to: 1 };
    const shape = isMap(node) ? 'map' : isSeq(node) ? 'list' : 'scalar';
    const said = isScalar(node) ? textOf(node) : null;
    spots.push({ path, key: key ?? value, value, shape, text: said });
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isPair(pair)) continue;
        const name = pair.key as Node | null;
        add(pair.value as Node | null, [...path, isScalar(name) ? textOf(name) : '?'], rangeOf(name));
      }
    }
    if (isSeq(node)) for (const [index, item] of node.items.entries()) add(item as Node | null, [...path, index], null);
  };
  for (const [index, { contents }] of documents.entries()) add(contents, [index], null);
  const children = Map.groupBy(spots, ({ path }) => keyOf(path.slice(0, -1)));
  const byPath = new Map(spots.map((spot) => [keyOf(spot.path), spot]));
  return {
    spots,
    at: (path) => byPath.get(keyOf(path)),
    below: (path) => (path.length === 0 ? [] : (children.get(keyOf(path)) ?? [])),
  };
}

function textOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? '');
}

function rangeOf(node: Node | null | undefined): Range | null {
  const range = node?.range;
  return range ? { from: range[0], to: Math.max(range[1], range[0] + 1) } : null;
}

function keyOf(path: TreePath): string {
  return JSON.stringify(path);
}
