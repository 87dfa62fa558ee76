import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnReply } from '../admin-endpoints.js';
import type { ReceivedRequest } from '../request.reader.js';

// The page, its style and its script. The build replaces these expressions by the text of the files.
const HTML = readFileSync(join(import.meta.dirname, 'page.html'), 'utf8');
const STYLE = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');
const SCRIPT = readFileSync(join(import.meta.dirname, 'page.js'), 'utf8');

/** Allows only the page's own style and script, and requests to the simulator alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ASSETS: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  '/': { type: 'text/html; charset=utf-8', body: HTML },
  '/page.css': { type: 'text/css; charset=utf-8', body: STYLE },
  '/page.js': { type: 'text/javascript; charset=utf-8', body: SCRIPT },
};

/** The page with its style and script; a plain 404 for any other path, like a web server without such an endpoint. */
export function pageAsset(request: ReceivedRequest): OwnReply {
  const asset = Object.hasOwn(ASSETS, request.path) ? ASSETS[request.path] : undefined;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (asset === undefined || !isRead) {
    return {
      status: asset === undefined ? 404 : 405,
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
      body: '<!DOCTYPE html><html lang="en"><head><title>Not found</title></head><body><h1>Not found</h1></body></html>\n',
    };
  }
  return {
    status: 200,
    headers: {
      'Content-Type': asset.type,
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
    },
    body: asset.body,
  };
}
