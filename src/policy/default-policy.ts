/**
 * The shipped rules, in the language of `gateway.yaml` and compiled by the same compiler; `dbgate policy show` prints
 * them. A rule of one's own that denies or holds speaks before them, one that allows opens what it names.
 */
import { parse } from 'yaml';
import type { RuleSettings } from '../config/gateway-settings.ts';
import { readRules } from './language/read-rules.ts';

export const DEFAULT_POLICY_YAML = `\
# The shipped rules. {tier} is production, staging or development: every other environment counts as production.
# Always refused besides, whatever a rule says: unknown commands, pinned settings, replication, writes with read access,
# settings that a grant fixes, and what cannot be parsed.
rules:
  - id: "{tier}.no-server-files"
    name: it reads, writes or runs something on the database server
    match: { finding: [server files, server programs], access: below admin }
    then: deny
    message: COPY to or from files and programs of the server on {environment} is not allowed{subject}
    hint: use COPY … TO STDOUT or FROM STDIN

  - id: "{tier}.no-acting-as"
    name: every statement is recorded and judged as the person who sent it
    match: { finding: [acts as another role, changes session authorization], access: below admin }
    then: deny
    message: acting as another role on {environment} is not allowed{subject}

  - id: "{tier}.no-alter-system"
    name: it changes the settings of the whole server
    match: { finding: alters the system, access: below admin }
    then: deny

  - id: "{tier}.no-extension"
    name: an extension brings code that runs with more rights than its user
    match: { finding: extensions, tier: [production, staging], access: below admin }
    then: deny
  - id: "{tier}.no-extension"
    name: an extension brings code that runs with more rights than its user
    match: { finding: extensions, tier: development, access: below ddl }
    then: deny

  - id: "{tier}.no-grant"
    name: rights in the database are given by its administrators
    match: { finding: grants rights, tier: [production, staging], access: below admin }
    then: deny
  - id: "{tier}.no-grant"
    name: rights in the database are given by its administrators
    match: { finding: grants rights, tier: development, access: below ddl }
    then: deny

  - id: "{tier}.no-role"
    name: roles belong to the whole server
    match: { finding: roles, access: below admin }
    then: deny

  - id: "{tier}.no-database"
    name: databases and tablespaces belong to the whole server
    match: { finding: databases, access: below admin }
    then: deny

  - id: "{tier}.no-server-object"
    name: it changes what every session sees, or connects the database with another
    match: { finding: server objects, access: below admin }
    then: deny

  - id: "{tier}.no-load"
    name: it loads code into the server
    match: { finding: loads libraries, access: below admin }
    then: deny

  - id: "{tier}.no-dangerous-function"
    name: it reaches into other sessions, files, other databases or replication, or runs a text as SQL
    match: { finding: dangerous functions, tier: [production, staging], access: below admin }
    then: deny
    message: this function on {environment} is not allowed{subject}
  - id: "{tier}.no-dangerous-function"
    name: it reaches into other sessions, files, other databases or replication, or runs a text as SQL
    match: { finding: dangerous functions, tier: development, access: below ddl }
    then: deny
    message: this function on {environment} is not allowed{subject}

  - id: "{tier}.no-security-definer"
    name: such a function lends its owner’s rights to everybody
    match: { finding: security definer, tier: [production, staging], access: below admin }
    then: deny
    message: SECURITY DEFINER on {environment} is not allowed{subject}
  - id: "{tier}.no-security-definer"
    name: such a function lends its owner’s rights to everybody
    match: { finding: security definer, tier: development, access: below ddl }
    then: deny
    message: SECURITY DEFINER on {environment} is not allowed{subject}

  # One's own objects, created through dbgate by a grant with create, and temporary ones may be changed and dropped.
  - id: "{tier}.no-drop"
    name: objects that others made are not dropped without approval
    match: { finding: drops, object: others, tier: [production, staging], access: below ddl }
    then: deny
  - id: "{tier}.no-drop"
    name: objects that others made are not dropped without approval
    match: { finding: drops, object: others, tier: development, access: below write }
    then: deny

  - id: "{tier}.no-truncate"
    name: TRUNCATE removes every row
    match: { finding: truncates, object: others, tier: [production, staging], access: below ddl }
    then: deny
    hint: delete the rows by their keys
  - id: "{tier}.no-truncate"
    name: TRUNCATE removes every row
    match: { finding: truncates, object: others, tier: development, access: below write }
    then: deny
    hint: delete the rows by their keys

  - id: "{tier}.no-alter"
    name: objects that others made are not changed without approval
    match: { finding: alters, object: others, tier: [production, staging], access: below ddl }
    then: deny
  - id: "{tier}.no-alter"
    name: objects that others made are not changed without approval
    match: { finding: alters, object: others, tier: development, access: below write }
    then: deny

  - id: "{tier}.no-maintenance"
    name: it locks the table against everybody else while it runs
    match: { finding: maintains, object: others, tier: production, access: below ddl }
    then: deny
  - id: "{tier}.no-maintenance"
    name: it locks the table against everybody else while it runs
    match: { finding: maintains, object: others, tier: [staging, development], access: below write }
    then: deny

  - id: "{tier}.no-unbounded-write"
    name: "its WHERE is missing or does not narrow: every row of the table could be changed"
    match:
      finding: [delete without where, update without where, merge of all rows]
      object: others
      tier: production
      access: below ddl
    then: deny
    hint: add a WHERE that compares a key column with the values you mean
  - id: "{tier}.no-unbounded-write"
    name: "its WHERE is missing or does not narrow: every row of the table could be changed"
    match:
      finding: [delete without where, update without where, merge of all rows]
      object: others
      tier: [staging, development]
      access: below write
    then: deny
    hint: add a WHERE that compares a key column with the values you mean

  - id: "{tier}.no-opaque-code"
    name: its SQL is put together when it runs, or is in a language that dbgate does not read
    match: { finding: [dynamic sql, code that cannot be read], tier: production, access: below admin }
    then: deny
    message: code that cannot be read before it runs on {environment} is not allowed{subject}
    hint: write the statements out, without EXECUTE of a text that is put together
  - id: "{tier}.no-opaque-code"
    name: its SQL is put together when it runs, or is in a language that dbgate does not read
    match: { finding: [dynamic sql, code that cannot be read], tier: staging, access: below ddl }
    then: deny
    message: code that cannot be read before it runs on {environment} is not allowed{subject}
    hint: write the statements out, without EXECUTE of a text that is put together
  - id: "{tier}.no-opaque-code"
    name: its SQL is put together when it runs, or is in a language that dbgate does not read
    match: { finding: [dynamic sql, code that cannot be read], tier: development, access: below write }
    then: deny
    message: code that cannot be read before it runs on {environment} is not allowed{subject}
    hint: write the statements out, without EXECUTE of a text that is put together

  - id: "{tier}.no-prepared-transaction"
    name: a prepared transaction keeps its locks when its session is gone
    match: { finding: prepared transactions, tier: production, access: below admin }
    then: deny
  - id: "{tier}.no-prepared-transaction"
    name: a prepared transaction keeps its locks when its session is gone
    match: { finding: prepared transactions, tier: staging, access: below ddl }
    then: deny
  - id: "{tier}.no-prepared-transaction"
    name: a prepared transaction keeps its locks when its session is gone
    match: { finding: prepared transactions, tier: development, access: below write }
    then: deny

  - id: "{tier}.no-create"
    name: this grant does not include \`create\`
    match: { finding: creates, create: false, access: below ddl }
    then: deny
    hint: create it as TEMP
`;

export const DEFAULT_RULES: readonly RuleSettings[] = shippedRules();

function shippedRules(): readonly RuleSettings[] {
  const { rules, faults } = readRules((parse(DEFAULT_POLICY_YAML) as { rules: unknown }).rules, { shipped: true });
  const [fault] = faults;
  if (fault !== undefined) throw new Error(`shipped policy: ${fault.path.join('.')}: ${fault.message}`);
  return rules;
}
