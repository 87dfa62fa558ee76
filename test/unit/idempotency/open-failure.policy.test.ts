import { describe, expect, it } from '@jest/globals';
import { networkFileSystem, postgresOpenFailure, sqliteOpenFailure } from '../../../src/idempotency/open-ledger.js';

const coded = (code: string, message = 'CANARY'): Error => Object.assign(new Error(message), { code });
const sqlite = (errcode: number): Error => Object.assign(coded('ERR_SQLITE_ERROR'), { errcode });
const URL_WITH_SECRETS = 'postgres://user:CANARY@db.example:5433/billing?password=CANARY';

describe('a SQLite ledger that cannot be opened', () => {
  it.each([
    ['folder', sqlite(14), /the path is a folder \(SQLITE_CANTOPEN\)\. Name a file in it/],
    ['other', coded('EEXIST'), /neither a file nor a folder \(EEXIST\)/],
    ['file', sqlite(8), /may not write there \(SQLITE_READONLY\)\. Give the file and its folder to this user/],
    // The extended code of a folder that takes no new file.
    ['file', sqlite(8 | (6 << 8)), /may not write there \(SQLITE_READONLY\)/],
    ['file', sqlite(26), /no SQLite database \(SQLITE_NOTADB\)/],
    ['file', sqlite(11), /damaged \(SQLITE_CORRUPT\)/],
    ['file', sqlite(13), /the disk is full \(SQLITE_FULL\)/],
    ['file', sqlite(5), /another process holds its lock \(SQLITE_BUSY\)/],
    ['file', sqlite(99), /opened as user 1000 \(SQLite code 99\)\.$/],
    ['absent', coded('EACCES'), /may not write there \(EACCES\)/],
    ['absent', coded('EROFS'), /read only \(EROFS\)/],
    ['absent', coded('ENOSPC'), /the disk is full \(ENOSPC\)/],
    ['absent', coded('ENOTDIR'), /a part of the path is a file/],
    ['absent', 'CANARY', /opened as user 1000\.$/],
  ] as const)('and is %s tells path, user, cause and remedy', (kind, error, said) => {
    const line = sqliteOpenFailure({ file: '/data/ledger.sqlite', kind, folder: null, userId: 1000 }, error);
    expect(line).toMatch(/^The ledger file \/data\/ledger\.sqlite cannot be opened as user 1000/);
    expect(line).toMatch(said);
    expect(line).not.toMatch(/CANARY|\n/);
  });

  it.each([
    ['EROFS', sqlite(8), /the file system is read only \(SQLITE_READONLY\)/],
    ['EROFS', sqlite(14), /the file system is read only \(SQLITE_CANTOPEN\)/],
    // A recursive mkdir on a read-only file system.
    ['EROFS', coded('ENOENT'), /the file system is read only \(ENOENT\)/],
    ['EACCES', coded('ENOENT'), /may not write there \(ENOENT\)/],
    // The extended code of SQLite's shared memory, which cannot grow.
    ['ENOSPC', sqlite(10 | (19 << 8)), /the disk is full \(SQLITE_IOERR\)/],
    [null, sqlite(10 | (19 << 8)), /the disk failed to read or write \(SQLITE_IOERR\)/],
    ['ENOSPC', sqlite(26), /no SQLite database \(SQLITE_NOTADB\)/],
    ['EROFS', sqlite(11), /damaged \(SQLITE_CORRUPT\)/],
  ])('tells the fault %s of its folder, where the error could come from it', (folder, error, said) => {
    expect(sqliteOpenFailure({ file: '/data/ledger.sqlite', kind: 'file', folder, userId: 0 }, error)).toMatch(said);
  });
});

describe('a PostgreSQL ledger that cannot be opened', () => {
  it.each([
    [coded('ECONNREFUSED'), /does not answer there \(ECONNREFUSED\)/],
    [new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')], 'CANARY'), /\(ECONNREFUSED\)/],
    [new Error('timeout expired'), /does not answer there\. /],
    [coded('ENOTFOUND'), /host name is not known/],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), /authority that is not known here.*sslrootcert=/],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /sslrootcert=/],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), /for another name/],
    [new Error('The server does not support SSL connections'), /offers no TLS/],
    [coded('28P01'), /refuses this user/],
    [coded('3D000'), /no such database/],
    [coded('42501'), /lacks a right/],
    [coded('25006'), /read only, perhaps a standby/],
    [coded('08P01'), /as a pooler does/],
    [coded('XX000'), /cannot be opened \(XX000\)\.$/],
  ])('by %p tells place, cause and remedy, and no word of the driver', (error, said) => {
    const line = postgresOpenFailure(URL_WITH_SECRETS, error);
    expect(line).toMatch(/^The ledger in PostgreSQL at db\.example:5433\/billing cannot be opened/);
    expect(line).toMatch(said);
    expect(line).not.toMatch(/CANARY|user:|\n/);
  });

  it.each(['postgres://user:12/CANARY@db/billing', 'postgres://user:p@12/CANARY@db', 'postgres://user:12?CANARY@db'])(
    'tells no place where a password that is not encoded ends the host: %s',
    (url) => {
      expect(postgresOpenFailure(url, coded('ENOTFOUND'))).toMatch(/^The ledger in PostgreSQL cannot be opened: /);
    },
  );
});

describe('a file system', () => {
  it.each([
    ['NFS', 0x6969, 'NFS'],
    ['CIFS', 0xff534d42, 'CIFS'],
    ['CIFS, as a negative number', 0xff534d42 | 0, 'CIFS'],
    ['FUSE', 0x65735546, 'FUSE'],
    ['ext4', 0xef53, null],
    ['XFS', 0x58465342, null],
    ['overlayfs', 0x794c7630, null],
    ['tmpfs', 0x01021994, null],
  ])('of type %s is known by it', (_name, type, name) => {
    expect(networkFileSystem(type)).toBe(name);
  });
});
