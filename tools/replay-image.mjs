// Replays the steps of the Dockerfile by hand, for machines without a Docker daemon: each stage in a folder of its own,
// with only the files that .dockerignore allows. Then it runs the image's command as its numeric user, who may write
// only into the volume, and requests /health and /ready. Knows the instructions that the Dockerfile uses, and fails on
// any other.
//
// node tools/replay-image.mjs [--keep] Linux, as root (it changes users), with access to npm's registry
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'replay-image-'));
chmodSync(work, 0o755);
const stages = new Map();
let stage;

/**
 * Node of the version that the Dockerfile's FROM names. Copied, because the image's user may have no access to this
 * one.
 */
function provideNode(image) {
  const [, wanted] = /^node:(\d+\.\d+\.\d+)-/.exec(image) ?? [];
  const bin = join(work, 'bin');
  mkdirSync(bin, { recursive: true });
  const candidates = [process.execPath, join(root, 'node_modules/node/bin/node')];
  const found = candidates.find((path) => {
    try {
      return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim() === `v${wanted}`;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`Node ${wanted} is not here; run npm ci, which brings it along.`);
  copyFileSync(found, join(bin, 'node'));
  chmodSync(join(bin, 'node'), 0o755);
  return bin;
}

/** The .dockerignore of this project is a list of exceptions from `*`; other patterns would need Docker's own rules. */
function letThrough() {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines[0] !== '*' || !lines.slice(1).every((line) => line.startsWith('!')))
    throw new Error('.dockerignore: unknown form');
  return new Set(lines.slice(1).map((line) => line.slice(1)));
}

function instructions() {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, ' ');
  return text
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => /^(\w+)\s+(.*)$/.exec(line).slice(1));
}

const allowed = letThrough();
/** The machine's settings for the registry; the image's own command gets none of them. */
const registry = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(npm_config_.*|node_extra_ca_certs|ssl_cert_file|https?_proxy|no_proxy)$/i.test(name),
  ),
);
const environment = () => ({
  HOME: join(work, 'home'),
  PATH: `${stage.bin}:/usr/local/bin:/usr/bin:/bin`,
  ...stage.env,
});
const inStage = (path) => join(stage.dir, path.startsWith('/') ? path : join(stage.workdir, path));

const perform = {
  FROM(rest) {
    const [, image, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest);
    const dir = join(work, name ?? 'final');
    stage = {
      dir,
      bin: stage?.bin ?? provideNode(image),
      workdir: '/',
      env: {},
      user: null,
      cmd: null,
      healthcheck: null,
    };
    stages.set(name ?? 'final', stage);
  },
  WORKDIR(path) {
    stage.workdir = path;
    mkdirSync(join(stage.dir, path), { recursive: true });
  },
  COPY(rest) {
    const words = rest.split(/\s+/);
    const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice('--from='.length)) : null;
    const target = words.pop();
    for (const word of words) {
      if (from === null && !allowed.has(word.split('/')[0]))
        throw new Error(`COPY ${word}: .dockerignore holds it back`);
      const source = from === null ? join(root, word) : join(from.dir, word);
      const into = target.endsWith('/') ? join(inStage(target), word) : inStage(target);
      cpSync(source, into, { recursive: true, verbatimSymlinks: true });
    }
  },
  RUN(command) {
    console.log(`RUN ${command}`);
    execFileSync('/bin/sh', ['-c', command], {
      cwd: inStage('.'),
      env: { ...registry, ...environment() },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  },
  ENV(rest) {
    for (const pair of rest.split(/\s+/)) {
      const [name, value] = pair.split('=');
      stage.env[name] = value;
    }
  },
  USER(rest) {
    const [uid, gid] = rest.split(':').map(Number);
    if (!(uid > 0 && gid > 0)) throw new Error('USER must be numeric and not root');
    stage.user = { uid, gid };
  },
  HEALTHCHECK(rest) {
    stage.healthcheck = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4));
  },
  CMD(rest) {
    stage.cmd = JSON.parse(rest);
  },
  EXPOSE() {},
  VOLUME() {},
};

function megabytes(path) {
  const bytes = (entry) => {
    const facts = statSync(entry, { throwIfNoEntry: false });
    if (facts === undefined) return 0;
    return facts.isDirectory()
      ? readdirSync(entry).reduce((sum, name) => sum + bytes(join(entry, name)), 0)
      : facts.size;
  };
  return (bytes(path) / 1e6).toFixed(1);
}

async function runImage() {
  const options = { cwd: inStage('.'), ...stage.user };
  const writable = execFileSync('find', ['.', '-writable', '-not', '-type', 'l'], {
    ...options,
    encoding: 'utf8',
  }).trim();
  if (writable !== './data') throw new Error(`The user may write to more than the volume: ${writable.slice(0, 300)}`);
  const env = {
    ...environment(),
    PORT: '0',
    AUTH: 'passthrough',
    LOG_FORMAT: 'json',
  };
  const startedMs = performance.now();
  const child = spawn(join(stage.bin, stage.cmd[0]), stage.cmd.slice(1), {
    ...options,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise((found, failed) => {
    createInterface(child.stdout).on('line', (line) => {
      const port = /listening on http:\/\/\S+:(\d+)"/.exec(line)?.[1];
      if (port !== undefined) found(`http://127.0.0.1:${port}`);
    });
    exited.then(() => failed(new Error('The gateway ended before it listened.')));
  });
  const ready = await fetch(`${url}/ready`);
  const readyMs = performance.now() - startedMs;
  const health = await fetch(`${url}/health`);
  if (ready.status !== 200 || health.status !== 200)
    throw new Error(`/ready ${ready.status}, /health ${health.status}`);
  const [command, ...args] = stage.healthcheck;
  execFileSync(join(stage.bin, command), args, { ...options, env: { ...env, PORT: new URL(url).port } });
  child.kill('SIGTERM');
  const [code] = await exited;
  if (code !== 0) throw new Error(`SIGTERM: exit code ${code}`);
  return readyMs;
}

try {
  for (const [name, rest] of instructions()) {
    if (perform[name] === undefined) throw new Error(`unknown instruction ${name}`);
    perform[name](rest);
  }
  const readyMs = await runImage();
  const size = (part) => megabytes(inStage(part));
  console.log(
    `/app ${size('.')} MB, of which dist ${size('dist')} MB; Node itself ${megabytes(join(stage.bin, 'node'))} MB`,
  );
  console.log(
    `started as ${stage.user.uid}:${stage.user.gid}, ready after ${Math.round(readyMs)} ms; /health and HEALTHCHECK good; SIGTERM: exit 0`,
  );
} finally {
  if (process.argv.includes('--keep')) console.log(work);
  else rmSync(work, { recursive: true, force: true });
}
