import type { OwnReply } from '../admin.endpoints.js';
import type { ReceivedRequest } from '../request.reader.js';

export function pageAsset(request: ReceivedRequest): OwnReply {
  return { status: request.path === '/' ? 200 : 404, headers: { 'Content-Type': 'text/plain' }, body: 'simulator\n' };
}
