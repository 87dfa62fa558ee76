import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the gateway's package.json, whether this module lies in `src/` or is part of a bundle in `dist/`. */
export const PACKAGE_ROOT = nearestPackage(import.meta.dirname);

function nearestPackage(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('The package.json of the gateway is in no folder above its code.');
  return nearestPackage(parent);
}
