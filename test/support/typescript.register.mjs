// `node --import ./test/support/typescript.register.mjs file.ts`
import { loadTypeScript } from './typescript.hooks.mjs';

loadTypeScript();
