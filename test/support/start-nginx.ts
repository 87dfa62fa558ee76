import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { findProgram } from './start-redis.js';

export interface TestNginx {
  readonly url: string;
  stop(): Promise<void>;
}

/** The path of nginx, or null when it is not installed. */
export function findNginx(): string | null {
  return findProgram('nginx');
}

/**
 * A load balancer in front of the gateways on these ports. It sends a request to the other gateway when one refuses it
 * because it stops, or has died. That includes writes, because each has its idempotency key. It counts no failures
 * (`max_fails=0`). Reason: within a second of the crash of one and the stop of the other it would count both as down.
 */
export async function startNginx(binary: string, ports: readonly number[]): Promise<TestNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-nginx-'));
  // Its workers run as their own user.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  upstream gateways {
    ${ports.map((one) => `server 127.0.0.1:${one} max_fails=0;`).join('\n    ')}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_read_timeout 60s;
      proxy_next_upstream error timeout http_502 http_503 non_idempotent;
    }
  }
}
`,
  );
  const child = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const ended = exited.then(() => {
    throw new Error('nginx did not start.');
  });
  // It does not report when it is ready, so this polls it. Any response is enough, even one that no gateway is there.
  for (;;) {
    const answered = await Promise.race([
      fetch(url).then(
        () => true,
        () => false,
      ),
      ended,
    ]);
    if (answered) break;
  }
  ended.catch(() => undefined);
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
