// npm run reference: writes what in this folder is made from the code.
import { readFileSync, writeFileSync } from 'node:fs';
import { cliReference } from '../src/commands/cli-reference.ts';
import { commandTree } from '../src/commands/command-tree.ts';
import { POLICY_REFERENCE_MARK, policyReference } from '../src/config/policy-reference.ts';
import { MASKING_REFERENCE_MARK, maskingReference } from '../src/masking/masking-reference.ts';
import { gatewayJsonSchema, gatewayReference } from '../src/config/gateway-reference.ts';

const write = (name: string, text: string) => writeFileSync(new URL(name, import.meta.url), text);
write('cli.md', cliReference(await commandTree()));
write('gateway-yaml.md', gatewayReference());
write('gateway.schema.json', gatewayJsonSchema());

/** What stands before the mark is written by hand. */
function writeEnd(name: string, mark: string, end: string): void {
  const [written] = readFileSync(new URL(name, import.meta.url), 'utf8').split(mark);
  write(name, written! + end);
}
writeEnd('policy.md', POLICY_REFERENCE_MARK, policyReference());
writeEnd('masking.md', MASKING_REFERENCE_MARK, maskingReference());
