import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import { type CompiledOcsf, schemaOfClass } from './ocsf-compiled.ts';
import { OCSF_RULES } from './ocsf-rules.ts';

/**
 * What `ocsf-schema-compiler` makes of the release that we write (docs/audit.md has the recipe). It is not ours, so it is not in
 * this repository; where it is at hand, events are checked by it too.
 */
const file = process.env.DBGATE_OCSF_SCHEMA;
const compiled = file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as CompiledOcsf);

const validators = new Map<string, readonly ValidateFunction[]>();

interface OcsfEvent {
  readonly class_uid: number;
  readonly metadata: { readonly version: string; readonly profiles?: readonly string[] };
}

/** Is it an event of a class that we say we write, as that class has it with the profiles that it names? */
export function expectOcsf(event: OcsfEvent): void {
  const { version, profiles = [] } = event.metadata;
  const name = [version, event.class_uid, ...profiles].join('-');
  let known = validators.get(name);
  if (known === undefined) {
    const schemas = [OCSF_RULES[event.class_uid]!];
    if (compiled !== undefined) {
      expect(version).toBe(compiled.version);
      schemas.push(schemaOfClass(compiled, event.class_uid, profiles));
    }
    const ajv = new Ajv({ strict: false, allErrors: true, formats: { ip: (text) => isIP(text) !== 0 } });
    known = schemas.map((schema) => ajv.compile(schema));
    validators.set(name, known);
  }
  for (const validate of known) {
    validate(event);
    expect(validate.errors ?? [], JSON.stringify(event, undefined, 1)).toEqual([]);
  }
}
