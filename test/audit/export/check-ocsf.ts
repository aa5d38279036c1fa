import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import { OCSF_RULES } from './ocsf-rules.ts';

/**
 * A folder with the schemas that OCSF itself publishes, `<version>-<class_uid>.json`, each what
 * `https://schema.ocsf.io/schema/1.3.0/classes/<class>` gives. They are not ours, so they are not in this repository;
 * where they are at hand, events are checked by them too.
 */
const published = process.env.DBGATE_OCSF_SCHEMAS;

const validators = new Map<number, readonly ValidateFunction[]>();

/** Is it an event of a class that we say we write, as that class has it? */
export function expectOcsf(event: { readonly class_uid: number }): void {
  let known = validators.get(event.class_uid);
  if (known === undefined) {
    const schemas = [OCSF_RULES[event.class_uid]!];
    if (published !== undefined && existsSync(published)) {
      for (const file of readdirSync(published)) {
        if (file.endsWith(`-${event.class_uid}.json`)) {
          schemas.push(JSON.parse(readFileSync(join(published, file), 'utf8')) as object);
        }
      }
    }
    known = schemas.map((schema) => new Ajv({ strict: false, allErrors: true }).compile(schema));
    validators.set(event.class_uid, known);
  }
  for (const validate of known) {
    validate(event);
    expect(validate.errors ?? [], JSON.stringify(event, undefined, 1)).toEqual([]);
  }
}
