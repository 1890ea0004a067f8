/** Where the command line starts: nothing but the compile cache, which must be on before the rest is loaded. */

import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runProgram } = await import('./program.ts');
await runProgram(process.argv);
