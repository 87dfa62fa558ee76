import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decide } from '../../../src/cli.js';
import { renderEnvExample, renderMarkdown } from '../../../src/config/describe-settings.js';
import { maskUrl, settingNames } from '../../../src/config/setting-values.js';

const SECRETS = {
  XTRACTA_API_KEY: 'CANARY-1',
  CREDITS_TOKEN: 'CANARY-2',
  CREDITS_CLIENT_SECRET: 'CANARY-3',
  ROUTER_SECRET: 'CANARY-4-0123456789',
  LEDGER_URL: 'postgres://user:CANARY-5@db:5432/billing?password=CANARY-6',
  CACHE_URL: 'redis://:CANARY-7@cache:6379/0',
};

async function outputOf(args: string[], env: Record<string, string> = {}): Promise<string> {
  const result = await decide(args, env);
  if (result.kind !== 'done') throw new Error('the command would have run the gateway');
  return result.out + result.err;
}

describe('the command', () => {
  it('lists every setting with --help', async () => {
    const help = await outputOf(['--help']);
    for (const name of settingNames()) expect(help).toContain(`  ${name}`);
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await outputOf(['--version'])).toBe(`${version}\n`);
  });

  it('prints the effective settings with secrets masked', async () => {
    const text = await outputOf(['--print-config'], { ...SECRETS, AUTH: 'none', PORT: '5000' });
    expect(text).toContain('PORT=5000\n');
    expect(text).toContain('XTRACTA_URL=https://api-app.xtracta.com\n');
    expect(text).toContain('XTRACTA_API_KEY=********\n');
    expect(text).toContain('LEDGER_URL=postgres://********@db:5432/billing?********\n');
    expect(text).not.toContain('CANARY');
  });

  it('prints settings that are not valid without their values', async () => {
    const text = await outputOf(['--print-config'], {
      PORT: 'CANARY',
      XTRACTA_URL: 'http://u:CANARY@x',
      LEDGER_URL: 'CANARY',
    });
    expect(text).toContain('PORT=(not valid)');
    expect(text).not.toContain('CANARY');
  });

  it('accepts a good configuration with --check-config, warnings beside it', async () => {
    const result = await decide(['--check-config'], { AUTH: 'none', XTRACTA_API_KEY: 'k', JWT_ISSUER: 'x' });
    expect(result).toMatchObject({ exitCode: 0, err: '' });
    expect(result).toMatchObject({
      out: 'The configuration is valid.\n  Warning: JWT_ISSUER is not used without AUTH=jwt\n',
    });
  });

  it.each([[['--nonsense']], [['--help', '--version']], [['serve']]])('refuses %j', async (args) => {
    expect(await decide(args, {})).toMatchObject({ kind: 'done', exitCode: 1 });
  });

  it('runs with a good configuration and no option', async () => {
    expect(await decide([], { AUTH: 'passthrough' })).toMatchObject({
      kind: 'run',
      config: { auth: { mode: 'passthrough' } },
    });
  });
});

describe('the documentation of settings', () => {
  it('is what the declaration says', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(renderMarkdown());
    expect(readFileSync('.env.example', 'utf8')).toBe(renderEnvExample());
  });
});

describe('the printed configuration', () => {
  it('shows no content that was given in place of a path', async () => {
    const { out } = {
      out: '',
      ...(await decide(['--print-config'], { TENANTS_FILE: '{"tenants": {"a": "CANARY"}}' })),
    };
    expect(out).toContain('TENANTS_FILE=(not valid)\n');
    expect(out).not.toContain('CANARY');
  });
});

describe('a masked URL', () => {
  it.each([
    ['sqlite:data/ledger.sqlite', 'sqlite:data/ledger.sqlite'],
    ['memory:', 'memory:'],
    ['postgres://db/billing', 'postgres://db/billing'],
    ['postgres://user@db/billing', 'postgres://********@db/billing'],
    ['redis://h:1/0#secret', 'redis://h:1/0?********'],
    ['postgres://a:b@c:notaport/', '********'],
    ['postgres://user:12/34@db/billing', '********'],
    ['postgres://user:p@ss/word@db/billing', '********'],
    ['redis://user:12?34@db', '********'],
  ])('of %s is %s', (url, masked) => {
    expect(maskUrl(url)).toBe(masked);
  });
});
