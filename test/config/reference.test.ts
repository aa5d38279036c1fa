import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cliReference } from '../../src/commands/cli-reference.ts';
import { commandTree } from '../../src/commands/command-tree.ts';
import { gatewayFile } from '../../src/config/gateway-file.ts';
import { gatewayJsonSchema, gatewayReference } from '../../src/config/gateway-reference.ts';
import { type SchemaNode, schemaNode } from '../../src/config/schema-walk.ts';

const doc = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('what is generated into docs/ (npm run reference)', () => {
  it('gateway-yaml.md', () => expect(doc('gateway-yaml.md')).toBe(gatewayReference()));
  it('gateway.schema.json', () => expect(doc('gateway.schema.json')).toBe(gatewayJsonSchema()));
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
