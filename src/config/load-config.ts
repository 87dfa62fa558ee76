import type { ConfigResult } from './config.js';

/** Reads the settings, secret files and the tenants file. Touches no network. */
export async function loadConfig(_env: NodeJS.ProcessEnv): Promise<ConfigResult> {
  throw new Error('under construction');
}
