import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cliReference } from '../../src/commands/cli-reference.ts';
import { commandTree } from '../../src/commands/command-tree.ts';
import { policyCommand } from '../../src/commands/policy.ts';
import { gatewayFile } from '../../src/config/gateway-file.ts';
import { gatewayJsonSchema, gatewayReference } from '../../src/config/gateway-reference.ts';
import { loadPolicyConfig, parsePolicyConfig } from '../../src/config/gateway-schema.ts';
import { POLICY_REFERENCE_MARK, policyReference } from '../../src/config/policy-reference.ts';
import { type SchemaNode, schemaNode } from '../../src/config/schema-walk.ts';
import { MASKING_REFERENCE_MARK, maskingReference } from '../../src/masking/masking-reference.ts';
import { runInProcess } from '../commands/run-in-process.ts';

const doc = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('what is generated into docs/ (npm run reference)', () => {
  it('gateway-yaml.md', () => expect(doc('gateway-yaml.md')).toBe(gatewayReference()));
  it('gateway.schema.json', () => expect(doc('gateway.schema.json')).toBe(gatewayJsonSchema()));
  it('policy.md', () =>
    expect(doc('policy.md').slice(doc('policy.md').indexOf(POLICY_REFERENCE_MARK))).toBe(policyReference()));
  it('masking.md', () =>
    expect(doc('masking.md').slice(doc('masking.md').indexOf(MASKING_REFERENCE_MARK))).toBe(maskingReference()));
  it('cli.md', async () => expect(doc('cli.md')).toBe(cliReference(await commandTree())));
});

it('every key of gateway.yaml says what it is and what it takes', () => {
  const missing: string[] = [];
  const visit = (node: SchemaNode, path: string) => {
    if (path !== '' && !(node.meta.description && node.meta.expects)) missing.push(path);
    if (node.kind === 'object') for (const key of node.keys) visit(node.child(key)!, `${path}.${key}`);
    const inner = node.kind === 'record' || node.kind === 'array' ? node.child(0) : undefined;
    if (inner?.kind === 'object') for (const key of inner.keys) visit(inner.child(key)!, `${path}[].${key}`);
  };
  visit(schemaNode(gatewayFile), '');
  expect(missing).toEqual([]);
});

/** What docs/masking.md says by hand. */
describe('docs/masking.md', () => {
  const example = doc('gateway.example.yaml');
  const blocks = [...doc('masking.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

  it('shows grants and classes that are valid', () => {
    const [grants, databases] = blocks;
    const { grants: read } = parsePolicyConfig(`${example.replace(/^grants:[\s\S]*?\n\n/m, '')}\n${grants}`, 'x.yaml');
    expect(read.map(({ masking }) => masking?.mask)).toEqual([undefined, 'token', 'none']);
    parsePolicyConfig(
      example.replace(/^databases:[\s\S]*?\n\n/m, `${databases}\n`).replace(/^grants:[\s\S]*?\n\n/m, ''),
      'x.yaml',
    );
  });

  it('names every rule that refuses for the sake of masking', () => {
    const source = new URL('../../src', import.meta.url).pathname;
    const rules = new Set(
      readdirSync(source, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .flatMap(
          (name) => readFileSync(join(source, name), 'utf8').match(/(?<=')masking\.(?!key')[a-z-]+(?=')/g) ?? [],
        ),
    );
    const told = new Set(doc('masking.md').match(/(?<=^\| `)masking\.[a-z-]+/gm));
    expect([...told].sort()).toEqual([...rules].sort());
  });
});

/** Every YAML block of docs/policy.md is right: what it shows is what the language takes. */
describe('docs/policy.md', () => {
  const [main, further, furtherCases, cases] = [...doc('policy.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text]) => text!,
  );
  const folder = mkdtempSync(join(tmpdir(), 'dbgate-docs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows a policy that is valid', () => {
    const example = doc('gateway.example.yaml').replace(/^grants:[\s\S]*?\n\n/m, '');
    mkdirSync(join(folder, 'policy'));
    writeFileSync(join(folder, 'policy/empty.yaml'), '');
    writeFileSync(join(folder, 'gateway.yaml'), `${example}\n${main}`);
    const { grants, rules } = loadPolicyConfig(join(folder, 'gateway.yaml'));
    expect(grants).toHaveLength(3);
    expect(rules).toHaveLength(3);
  });

  it('shows rules that look further, and cases for them', async () => {
    const example = doc('gateway.example.yaml').replace(/^grants:[\s\S]*?\n\n/m, '');
    mkdirSync(join(folder, 'further/tests'), { recursive: true });
    writeFileSync(join(folder, 'further/gateway.yaml'), `${example}\n${further}`);
    writeFileSync(join(folder, 'further/tests/policy.yaml'), furtherCases!);
    const { code, stdout } = await runInProcess(policyCommand, ['test', join(folder, 'further/tests/policy.yaml')]);
    expect(stdout).toBe('1 case, 0 failed\n');
    expect(code).toBe(0);
  });

  it('shows cases that are as expected', async () => {
    mkdirSync(join(folder, 'tests'));
    writeFileSync(join(folder, 'tests/policy.yaml'), cases!);
    const { code, stdout } = await runInProcess(policyCommand, ['test', join(folder, 'tests/policy.yaml')]);
    expect(stdout).toBe('2 cases, 0 failed\n');
    expect(code).toBe(0);
  });
});
