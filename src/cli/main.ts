/** Where the command line starts: nothing but the compile cache, which must be on before the rest is loaded. */

import { enableCompileCache } from 'node:module';

enableCompileCache();
// No top-level await: the bundle is CommonJS, which starts faster.
void import('./start.ts').then(({ start }) => start(process.argv));
