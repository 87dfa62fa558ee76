// Serves the page on 127.0.0.1:5173 (PORT) and passes /graphql on to the gateway (GATEWAY_URL), so that no CORS is needed.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../', import.meta.url));
const gateway = process.env.GATEWAY_URL ?? 'http://127.0.0.1:4000';
const bundle = await build({
  entryPoints: [`${folder}src/main.ts`],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  write: false,
  define: { 'globalThis.__DEV__': 'false' },
});

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === '/') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    return response.end(await readFile(`${folder}index.html`));
  }
  if (pathname === '/main.js') {
    response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' });
    return response.end(bundle.outputFiles[0]?.text);
  }
  if (pathname !== '/graphql' || request.method !== 'POST') return response.writeHead(404).end();
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const answer = await fetch(`${gateway}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: request.headers.accept ?? 'application/json' },
      body: Buffer.concat(chunks),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
    response.end(await answer.text());
  } catch {
    response.writeHead(502).end();
  }
});
server.listen(Number(process.env.PORT ?? 5173), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/ (gateway: ${gateway})\n`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
