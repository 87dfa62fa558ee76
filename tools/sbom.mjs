// The bill of materials of a bundle in CycloneDX: exactly the packages with files in the bundle.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of a package: the folder of its innermost package. */
const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/**
 * @param files absolute paths of the bundled modules; those outside node_modules are the program itself
 * @param root the program's folder, where its package.json is
 * @returns a CycloneDX 1.6 document; the same files give the same text
 */
export function billOfMaterials(files, root) {
  const folders = new Set(files.flatMap((file) => PACKAGE_FOLDER.exec(file)?.[1] ?? []));
  const packages = [...folders].map((folder) => manifest(folder));
  const components = new Map(packages.map((found) => [purl(found), component(found)]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...component(manifest(root)), type: 'application' } },
    components: [...components].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, found]) => found),
  };
}

function manifest(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof name !== 'string' || typeof version !== 'string') throw new Error(`${folder} has no name or no version.`);
  return { name, version, license };
}

function purl({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function component({ name, version, license }) {
  const id = purl({ name, version });
  // npm's own words for "no licence" and "see a file" are no SPDX expressions.
  const isExpression = typeof license === 'string' && !/^(?:UNLICENSED$|SEE LICENSE)/.test(license);
  const licenses = isExpression ? { licenses: [{ expression: license }] } : {};
  return { 'bom-ref': id, type: 'library', name, version, ...licenses, purl: id };
}
