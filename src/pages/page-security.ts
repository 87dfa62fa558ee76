import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** A fresh nonce for one page's own scripts and styles. */
export function newNonce(): string {
  return randomBytes(16).toString('base64');
}

/** Sends a page that may load nothing but what `policy` names and may not be framed by anybody. */
export function sendPage(reply: FastifyReply, html: string | Buffer, policy: readonly string[]): FastifyReply {
  const closed = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];
  return reply
    .header('content-security-policy', [...closed, ...policy].join('; '))
    .header('x-frame-options', 'DENY')
    .header('cache-control', 'no-store')
    .header('content-type', 'text/html; charset=utf-8')
    .send(html);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
