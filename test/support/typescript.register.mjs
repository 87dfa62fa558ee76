// `node --import ./test/support/typescript.register.mjs file.ts`
import { loadTypeScript } from './typescript.hooks.mjs';

loadTypeScript(new URL(import.meta.url).searchParams.get('bundle'));
