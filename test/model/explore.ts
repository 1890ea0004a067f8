/** Visits every state that can be reached, nearest first, so that the first trace found to a fault is a shortest one. */

export interface Move<State> {
  readonly name: string;
  /** The state it leads to, or what is wrong with the way there. */
  make(): Step<State>;
}

export interface Step<State> {
  readonly state: State;
  /** What this move has broken, in a sentence; `null` when nothing. */
  readonly broken: string | null;
}

export interface ExploreOptions<State> {
  readonly start: State;
  readonly moves: (state: State) => readonly Move<State>[];
  /** States with the same key are one. */
  readonly keyOf: (state: State) => string;
  /** More states than this are not visited: the bounds are too wide then, which is a failure of its own. */
  readonly most: number;
}

export type Exploration =
  | { readonly kind: 'holds'; readonly states: number; readonly moves: number }
  | { readonly kind: 'broken'; readonly message: string; readonly trace: readonly string[]; readonly states: number }
  | { readonly kind: 'unbounded'; readonly states: number };

interface Visited<State> {
  readonly state: State;
  readonly by: string;
  readonly from: Visited<State> | null;
}

export function explore<State>({ start, moves, keyOf, most }: ExploreOptions<State>): Exploration {
  const seen = new Set([keyOf(start)]);
  const queue: Visited<State>[] = [{ state: start, by: '', from: null }];
  let made = 0;
  for (let index = 0; index < queue.length; index += 1) {
    const visited = queue[index];
    if (visited === undefined) break;
    for (const move of moves(visited.state)) {
      const { state, broken } = move.make();
      made += 1;
      if (broken !== null) {
        return { kind: 'broken', message: broken, trace: [...traceTo(visited), move.name], states: seen.size };
      }
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > most) return { kind: 'unbounded', states: seen.size };
      queue.push({ state, by: move.name, from: visited });
    }
  }
  return { kind: 'holds', states: seen.size, moves: made };
}

function traceTo<State>(visited: Visited<State>): readonly string[] {
  return visited.from === null ? [] : [...traceTo(visited.from), visited.by];
}
