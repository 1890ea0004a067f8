import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryRolloutStore } from '../../src/delivery/index.ts';
import { temporaryFolder } from '../../src/kernel/workspace.ts';
import { openSqliteRolloutStore, type SqliteRolloutStore } from '../../src/platforms/embedded/sqlite-rollout-store.ts';
import { rolloutStoreContract } from './rollout-store-contract.ts';

rolloutStoreContract('the memory of a rehearsal', () => {
  const store = createMemoryRolloutStore();
  return { store, reopened: () => store, close: () => undefined };
});

rolloutStoreContract('SQLite', () => {
  const folder = temporaryFolder();
  const open: SqliteRolloutStore[] = [];
  const reopened = (): SqliteRolloutStore => {
    const store = openSqliteRolloutStore({ path: join(folder, 'slipway.db') });
    open.push(store);
    return store;
  };
  return {
    store: reopened(),
    reopened,
    close() {
      for (const store of open) store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
