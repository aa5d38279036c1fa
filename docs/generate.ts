// npm run reference: writes what in this folder is made from the code.
import { readFileSync, writeFileSync } from 'node:fs';
import { cliReference } from '../src/commands/cli-reference.ts';
import { commandTree } from '../src/commands/command-tree.ts';
import { POLICY_REFERENCE_MARK, policyReference } from '../src/config/policy-reference.ts';
import { gatewayJsonSchema, gatewayReference } from '../src/config/gateway-reference.ts';

const write = (name: string, text: string) => writeFileSync(new URL(name, import.meta.url), text);
write('cli.md', cliReference(await commandTree()));
write('gateway-yaml.md', gatewayReference());
write('gateway.schema.json', gatewayJsonSchema());

const [written] = readFileSync(new URL('policy.md', import.meta.url), 'utf8').split(POLICY_REFERENCE_MARK);
write('policy.md', written! + policyReference());
