/** SQLITE_BUSY and SQLITE_LOCKED, with their extended codes, whose low byte is the primary one (https://sqlite.org/rescode.html). */
export function isSqliteBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || typeof error.errcode !== 'number') {
    return false;
  }
  const primary = error.errcode & 0xff;
  return primary === 5 || primary === 6;
}

/** Whether a Node system error has this code (`ENOENT`). By shape and not by class, which differs between realms. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
