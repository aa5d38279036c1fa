/** A routine of the catalog, from its row of `CATALOG_SQL`: arguments as pg_proc has them, taken apart. */
import type { CatalogRoutine } from './catalog.ts';
import { boolean, number, oneOf, optional, string, strings } from './catalog-values.ts';
import { splitIdentifiers } from './identifiers.ts';

const NO_OUTPUTS: CatalogRoutine['outputs'] = [];

export function routineFromRow(row: readonly unknown[]): CatalogRoutine {
  const argumentTypes = oids(string(row[9]), ' ');
  const all = optional(row[10], string);
  const modes = optional(row[11], strings);
  const names = optional(row[12], strings);
  const allTypes = all === undefined ? argumentTypes : oids(all.slice(1, -1), ',');
  const argumentNames: string[] = [];
  const outputs: { name: string; type: number }[] = [];
  for (const [i, type] of allTypes.entries()) {
    const mode = modes?.[i] ?? 'i';
    const name = names?.[i] ?? '';
    if (mode === 'i' || mode === 'b' || mode === 'v') argumentNames.push(name);
    if (mode === 'o' || mode === 'b' || mode === 't') outputs.push({ name, type });
  }
  if (argumentNames.length !== argumentTypes.length) throw new Error('catalog: a routine’s arguments do not add up');
  return {
    oid: number(row[0]),
    schema: string(row[1]),
    name: string(row[2]),
    kind: oneOf(['f', 'p', 'a', 'w'], row[3]),
    language: string(row[4]),
    volatility: oneOf(['i', 's', 'v'], row[5]),
    securityDefiner: boolean(row[6]),
    returns: number(row[7]),
    returnsSet: boolean(row[8]),
    argumentTypes,
    argumentNames,
    defaults: number(row[13]),
    variadic: boolean(row[14]),
    outputs: outputs.length === 0 ? NO_OUTPUTS : outputs,
    definition: optional(row[17], string),
    setsSearchPath: setSearchPath(optional(row[15], strings) ?? []),
    extension: optional(row[16], string),
  };
}

function oids(text: string, separator: string): number[] {
  return text === '' ? [] : text.split(separator).map(Number);
}

/** pg_proc.proconfig: `name=value`, lists as they were quoted. */
function setSearchPath(settings: readonly string[]): readonly string[] | undefined {
  const setting = settings.find((one) => one.startsWith('search_path='));
  return setting === undefined ? undefined : splitIdentifiers(setting.slice('search_path='.length));
}
