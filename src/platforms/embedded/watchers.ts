/** Who wants to know when an environment has changed. */

export interface Watchers {
  /** Returns the end of it. */
  add(key: string, onChange: () => void): () => void;
  /** Calls those of `key` when `now` is not what was told last. */
  tell(key: string, now: string): void;
}

export function createWatchers(): Watchers {
  const listeners = new Map<string, Set<() => void>>();
  const told = new Map<string, string>();
  return {
    add(key, onChange) {
      const group = listeners.get(key) ?? new Set();
      listeners.set(key, group);
      group.add(onChange);
      return () => group.delete(onChange);
    },
    tell(key, now) {
      if (told.get(key) === now) return;
      told.set(key, now);
      for (const listener of listeners.get(key) ?? []) listener();
    },
  };
}
