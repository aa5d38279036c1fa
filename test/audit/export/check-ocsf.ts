import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect } from 'vitest';
import { OCSF_RULES } from './ocsf-rules.ts';

/**
 * A folder with JSON schemas of OCSF's own definitions, `1.3.0-<class_uid>[-<profile>].json`, unnamed members refused, such as
 * `https://schema.ocsf.io/schema/1.3.0/classes/<class>?profiles=<profile>` gives. They are not ours, so they are not in this
 * repository; where they are at hand, events are checked by them too.
 */
const published = process.env.DBGATE_OCSF_SCHEMAS;

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
    if (published !== undefined) {
      schemas.push(JSON.parse(readFileSync(join(published, `${name}.json`), 'utf8')) as object);
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
