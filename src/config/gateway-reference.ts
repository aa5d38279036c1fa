import * as z from 'zod';
import { gatewayFile } from './gateway-file.ts';
import { type SchemaNode, schemaNode } from './schema-walk.ts';

/** `docs/gateway-yaml.md`: every key of gateway.yaml, made from its schema by `npm run reference`. */
export function gatewayReference(): string {
  const root = schemaNode(gatewayFile);
  const lines = [
    '# gateway.yaml',
    '',
    '<!-- Generated from src/config/gateway-file.ts by "npm run reference"; do not edit. -->',
    '',
    'The configuration of `dbgate gateway`. [gateway.example.yaml](gateway.example.yaml) is a whole one;',
    '[gateway.schema.json](gateway.schema.json) is for editors (`# yaml-language-server: $schema=…` in the first line).',
    '',
    '- `dbgate gateway --check --config gateway.yaml` names every fault at once, with line and key.',
    '- It is read again on SIGHUP and when the file changes, all or nothing: a faulty one leaves the old one in force.',
    '- Unknown and duplicate keys are faults.',
    '- A secret never stands in the file: `file:PATH` (relative to the file) or `env:NAME` says where it is.',
    '- Durations are `500ms`, `30s`, `15m`, `8h`, `7d`; sizes are `64KiB`, `16MiB`, `1GiB`.',
    '',
  ];
  for (const key of root.keys) section(lines, [key], root.child(key)!);
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The JSON Schema of the file as it is written, for editors. */
export function gatewayJsonSchema(): string {
  const schema = z.toJSONSchema(gatewayFile, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      const own = (jsonSchema as { jsonSchema?: object }).jsonSchema;
      if (own !== undefined) Object.assign(jsonSchema, own);
      // Ours alone; editors show the description.
      for (const key of ['expects', 'secret', 'reference', 'jsonSchema']) delete jsonSchema[key];
    },
  });
  return `${JSON.stringify({ ...schema, title: 'gateway.yaml of dbgate' }, undefined, 2)}\n`;
}

function section(lines: string[], path: readonly string[], node: SchemaNode): void {
  lines.push(`## ${path.join('.')}`, '', sentence(node), '');
  const rows: string[] = [];
  collect(rows, path, node);
  if (rows.length > 0) lines.push('| key | what it is | value | default |', '|---|---|---|---|', ...rows, '');
}

function collect(rows: string[], path: readonly string[], node: SchemaNode): void {
  if (node.kind === 'leaf') return;
  if (node.kind === 'object') {
    for (const key of node.keys) row(rows, [...path, key], node.child(key)!);
    return;
  }
  const label = node.kind === 'array' ? `${path.at(-1)}[]` : `${path.at(-1)}.<name>`;
  const inner = node.child(node.kind === 'array' ? 0 : 'name');
  if (inner !== undefined) collect(rows, [...path.slice(0, -1), label], inner);
}

function row(rows: string[], path: readonly string[], node: SchemaNode): void {
  const { description = '', expects = '' } = node.meta;
  rows.push(`| \`${path.join('.')}\` | ${cell(description)} | ${cell(expects)} | ${fallback(node)} |`);
  if (node.kind === 'object') collect(rows, path, node);
}

function sentence(node: SchemaNode): string {
  const { description = '', expects = '' } = node.meta;
  const value = node.kind === 'object' ? '' : ` Value: ${expects}.`;
  const rule = node.optional ? ` Default: ${fallback(node)}.` : ' Required.';
  return `${description[0]?.toUpperCase() ?? ''}${description.slice(1)}.${value}${node.kind === 'object' && node.optional ? ' Optional.' : rule}`;
}

function fallback(node: SchemaNode): string {
  if (!node.optional) return 'required';
  if (node.default === undefined) return 'none';
  if (typeof node.default === 'object' && node.default !== null && Object.keys(node.default).length === 0)
    return 'empty';
  return `\`${Array.isArray(node.default) ? node.default.join(', ') : String(node.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
