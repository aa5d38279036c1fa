/** Lineage as one line of text, for tables of cases: `mail = person.mail; uses: lookup person.id`. */
import type { Catalog } from '../../../src/catalog/catalog.ts';
import type { ColumnRef, Flow, Lineage, StatementLineage } from '../../../src/sql/lineage/lineage.ts';

export function written(lineage: Lineage, catalog: Catalog): string {
  return lineage.statements.map((statement) => writtenStatement(statement, catalog)).join(' ;; ');
}

function writtenStatement(statement: StatementLineage, catalog: Catalog): string {
  const ref = (one: ColumnRef): string => {
    const relation = catalog.relationByOid(one.relation);
    const column = relation?.columns.find(({ attnum }) => attnum === one.attnum)?.name;
    return [`${relation?.name}.${column}`, ...(one.path ?? [])].join('/');
  };
  const sources = (flow: Flow): string => [...flow.sources.map(ref), ...flow.unknown.map((why) => `?${why}`)].join(' ');
  const text = (flow: Flow): string => {
    const { shape } = flow;
    switch (shape.kind) {
      case 'copy':
        return sources(flow) || 'none';
      case 'array':
        return `[${text(shape.element)}]`;
      case 'json':
        return `json(${text(shape.value)})`;
      case 'text':
        return shape.document === undefined ? `text(${sources(flow)})` : `text of ${text(shape.document)}`;
      case 'row':
        return `(${shape.fields.map((field) => `${field.name}: ${text(field.flow)}`).join(', ')})`;
      default:
        return `${shape.kind}(${sources(flow)})`;
    }
  };
  const parts: string[] = [];
  if (statement.columns !== undefined)
    parts.push(statement.columns.map((one) => `${one.name} = ${text(one)}`).join(', '));
  if (statement.defines !== undefined) parts.push(`defines ${statement.defines.kind} ${statement.defines.name}`);
  if (statement.resultOf !== undefined) parts.push(`result of ${statement.resultOf.kind} ${statement.resultOf.name}`);
  const uses = statement.uses.map(
    (use) => `${use.use} ${ref(use.source)}${use.inside === undefined ? '' : ` in ${use.inside}`}`,
  );
  if (uses.length > 0) parts.push(`uses: ${[...new Set(uses)].join(', ')}`);
  for (const { target, flow } of statement.writes) {
    parts.push(
      `${target.kind === 'new' ? `new ${target.lookup}.${target.column ?? '*'}` : ref(target)} <- ${text(flow)}`,
    );
  }
  if (statement.opaque.length > 0) {
    parts.push(
      `opaque: ${statement.opaque.map((one) => `${one.routine}(${one.reads.map(ref).join(' ')})`).join(', ')}`,
    );
  }
  if (statement.unknown.length > 0) parts.push(`unknown: ${statement.unknown.join(', ')}`);
  return parts.join('; ');
}
