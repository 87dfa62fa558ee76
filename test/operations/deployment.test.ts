import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { decide } from '../../src/cli.js';
import { settingNames } from '../../src/config/setting-values.js';
import { runOpsCommand } from '../../src/ops/ops.command.js';
import { httpResponse, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { findProgram } from '../support/start-redis.js';

const RULES = 'deploy/prometheus/rules.yaml';
const DASHBOARD = 'deploy/grafana/dashboard.json';
const BASE = 'deploy/kustomize/base';
const OVERLAY = 'deploy/kustomize/overlays/example';
const promtool = findProgram('promtool');
const kubectl = findProgram('kubectl');
if (promtool === null)
  process.stderr.write("Left out: promtool's own checks (Debian's package prometheus is not installed).\n");
if (kubectl === null) process.stderr.write("Left out: kustomize's own rendering (kubectl is not installed).\n");

const ruleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ summary: z.string(), runbook: z.string(), first_command: z.string().optional() }),
        }),
      ),
    }),
  ),
});
const dashboardFile = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) })),
});
const rules = ruleFile.parse(parse(readFileSync(RULES, 'utf8'))).groups.flatMap((group) => group.rules);
const panels = dashboardFile.parse(JSON.parse(readFileSync(DASHBOARD, 'utf8'))).panels;
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr]),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr])),
] as [string, string][];

/** Names of series in a PromQL expression: words that are no function, no label and no keyword of it. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/\b[a-z][a-z0-9]*_[a-z0-9_]+\b(?!\s*\()/g)].map(([name]) => name);
}

let upstream: RawUpstream;
let gateway: TestGateway;
let exposed: string;

beforeAll(async () => {
  upstream = await startRawUpstream(httpResponse(503, ''));
  gateway = await startGateway({ xtractaUrl: upstream.url, creditsUrl: upstream.url });
  await gateway.execute('{ group(id: "7") { plan { name } } }');
  exposed = await (await fetch(`${gateway.url}/metrics`)).text();
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await removeGatewayFolders();
});

describe('the metrics of a running gateway', () => {
  it.each(expressions)('hold what "%s" asks for', (_name, expr) => {
    const families = new Set([...exposed.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name));
    const names = metricsIn(expr);
    expect(names.length).toBeGreaterThan(0);
    expect(
      names.filter((name) => !families.has(name) && !families.has(name.replace(/_(bucket|count|sum)$/, ''))),
    ).toEqual([]);
  });

  it('tell the state of every breaker and of the ledger before anything has happened', () => {
    for (const line of [
      'billing_breaker_state{upstream="credits"} 0',
      'billing_ledger_up 1',
      'billing_ledger_readable 1',
      'billing_ledger_writable 1',
      'billing_unknown_outcomes 0',
    ]) {
      expect(exposed).toContain(`${line}\n`);
    }
  });

  it('follow the breaker from scrape to scrape, and count each error once', async () => {
    for (let turn = 0; turn < 3; turn += 1) await gateway.execute('{ group(id: "7") { plan { name } } }');
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toContain('billing_breaker_state{upstream="xtracta"} 2\n');
    expect(text).toContain('billing_breaker_state{upstream="credits"} 0\n');
    const counted = /graphql_errors_total\{code="UPSTREAM_UNAVAILABLE"\} (\d+)/.exec(text)?.[1];
    expect(Number(counted)).toBe(4);
  });

  it('begin with a command that there is, where a command comes first', async () => {
    const first = new Map(rules.map(({ alert, annotations }) => [alert, annotations.first_command]));
    expect(first.get('BillingUnknownOutcomesWaiting')).toBe('node dist/main.js ledger list --status unknown');
    for (const line of first.values()) {
      if (line === undefined) continue;
      const [, , ...words] = line.replace("'{{ $labels.tenant }}'", 'acme').split(' ');
      const decided = await decide(words, {});
      if (decided.kind !== 'ops') throw new Error(`${line} is no command for operators.`);
      // Settings that say nothing: the words are understood where the settings are what is complained of.
      const { exitCode, out, err } = await runOpsCommand(decided.name, decided.args, {});
      expect([exitCode, err]).toEqual([1, expect.not.stringContaining('Usage')]);
      expect(out + err).toMatch(/AUTH/);
    }
  });

  if (promtool !== null) {
    it('are what promtool accepts', () => {
      expect(() =>
        execFileSync(promtool, ['check', 'metrics'], { input: exposed, encoding: 'utf8', stdio: 'pipe' }),
      ).not.toThrow();
    });
  }
});

describe('the alerts', () => {
  it('each say where to read on, and that place exists', () => {
    const headings = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text.toLowerCase().replaceAll(' ', '-'),
    );
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
      expect(headings).toContain(alert.toLowerCase());
    }
  });

  it('begin with a command that there is, where a command comes first', async () => {
    const first = new Map(rules.map(({ alert, annotations }) => [alert, annotations.first_command]));
    expect(first.get('BillingUnknownOutcomesWaiting')).toBe('node dist/main.js ledger list --status unknown');
    for (const line of first.values()) {
      if (line === undefined) continue;
      const [, , ...words] = line.replace("'{{ $labels.tenant }}'", 'acme').split(' ');
      const decided = await decide(words, {});
      if (decided.kind !== 'ops') throw new Error(`${line} is no command for operators.`);
      // Settings that say nothing: the words are understood where the settings are what is complained of.
      const { exitCode, out, err } = await runOpsCommand(decided.name, decided.args, {});
      expect([exitCode, err]).toEqual([1, expect.not.stringContaining('Usage')]);
      expect(out + err).toMatch(/AUTH/);
    }
  });

  if (promtool !== null) {
    it('are what promtool accepts, and go off when they should', () => {
      expect(execFileSync(promtool, ['check', 'rules', RULES], { encoding: 'utf8' })).toContain('SUCCESS');
      const tests = ['test', 'rules', 'deploy/prometheus/rules.test.yaml'];
      expect(execFileSync(promtool, tests, { encoding: 'utf8' })).toContain('SUCCESS');
    });
  }
});

const container = z.object({
  image: z.string(),
  env: z.array(z.object({ name: z.string() })).default([]),
  startupProbe: z.object({ httpGet: z.object({ path: z.literal('/ready') }) }),
  readinessProbe: z.object({ httpGet: z.object({ path: z.literal('/ready') }) }),
  livenessProbe: z.object({ httpGet: z.object({ path: z.literal('/health') }) }),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
});
const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    replicas: z.number().min(2),
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        automountServiceAccountToken: z.literal(false),
        securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.literal(10_001) }),
        containers: z.tuple([container]),
      }),
    }),
  }),
});

/** Settings, and settings as files. */
const KNOWN = new Set(settingNames().flatMap((name) => [name, `${name}_FILE`]));

describe('the manifests for Kubernetes', () => {
  const files = readdirSync(BASE).filter((name) => name !== 'kustomization.yaml');
  const documents = files.flatMap((name) =>
    parseAllDocuments(readFileSync(join(BASE, name), 'utf8'), { strict: true }).map((document) => {
      expect(document.errors).toEqual([]);
      return z.looseObject({ apiVersion: z.string(), kind: z.string() }).parse(document.toJS());
    }),
  );

  it('are all listed, and bring what an operator needs', () => {
    const { resources } = z
      .object({ resources: z.array(z.string()) })
      .parse(parse(readFileSync(join(BASE, 'kustomization.yaml'), 'utf8')));
    expect([...resources].sort()).toEqual(files.sort());
    expect(documents.map(({ kind }) => kind).sort()).toEqual([
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ]);
  });

  it('run it as a numeric user who may write nowhere, and give it longer than a drain to stop', () => {
    const { spec } = deployment.parse(documents.find(({ kind }) => kind === 'Deployment')).spec.template;
    // The time before SIGTERM and the longest drain of the default settings, in seconds.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(5 + 35);
    for (const { name } of spec.containers[0].env) expect(KNOWN).toContain(name);
  });

  if (kubectl !== null) {
    it('are rendered by kustomize, with the settings of the example', () => {
      const rendered = execFileSync(kubectl, ['kustomize', OVERLAY], { encoding: 'utf8' });
      const objects = parseAllDocuments(rendered).map((document) =>
        z
          .looseObject({ kind: z.string(), metadata: z.object({ namespace: z.literal('billing') }) })
          .parse(document.toJS()),
      );
      expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['ConfigMap', 'Secret', 'Deployment']));
      const config = objects.find(({ kind }) => kind === 'ConfigMap');
      const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(config);
      for (const name of Object.keys(data)) expect(KNOWN).toContain(name);
    });
  }
});

describe('the compose file', () => {
  const service = z.looseObject({
    read_only: z.literal(true),
    cap_drop: z.tuple([z.literal('ALL')]),
    security_opt: z.tuple([z.literal('no-new-privileges:true')]),
    healthcheck: z.object({ test: z.array(z.string()) }),
    secrets: z.array(z.string()).default([]),
    environment: z.record(z.string(), z.string()).default({}),
  });
  const { services, secrets } = z
    .object({ services: z.record(z.string(), service), secrets: z.record(z.string(), z.object({ file: z.string() })) })
    .parse(parse(readFileSync('deploy/compose.yaml', 'utf8'), { strict: true, merge: true }));

  it('runs the gateway, its stores and the simulator, each locked down and watched', () => {
    expect(Object.keys(services)).toEqual(['gateway', 'simulator', 'postgres', 'redis']);
  });

  it('gives secrets as files only, each of which make-secrets.sh makes', () => {
    const script = readFileSync('deploy/make-secrets.sh', 'utf8');
    const used = new Set(Object.values(services).flatMap((one) => one.secrets));
    expect([...used].sort()).toEqual(Object.keys(secrets).sort());
    for (const name of used) expect(script).toContain(`put ${name} `);
  });

  it('names settings that there are', () => {
    for (const name of Object.keys(services['gateway']?.environment ?? {})) expect(KNOWN).toContain(name);
  });
});
