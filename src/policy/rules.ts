/** The shipped rules, in the order in which they speak. A new rule is its file, one line here, and its test. */
import type { Rule } from './rule.ts';
import { noActingAs } from './rules/no-acting-as.ts';
import { noAlter } from './rules/no-alter.ts';
import { noAlterSystem } from './rules/no-alter-system.ts';
import { noCreate } from './rules/no-create.ts';
import { noDangerousFunction } from './rules/no-dangerous-function.ts';
import { noDatabase } from './rules/no-database.ts';
import { noDrop } from './rules/no-drop.ts';
import { noExtension } from './rules/no-extension.ts';
import { noGrant } from './rules/no-grant.ts';
import { noLoad } from './rules/no-load.ts';
import { noMaintenance } from './rules/no-maintenance.ts';
import { noOpaqueCode } from './rules/no-opaque-code.ts';
import { noPreparedTransaction } from './rules/no-prepared-transaction.ts';
import { noRole } from './rules/no-role.ts';
import { noSecurityDefiner } from './rules/no-security-definer.ts';
import { noServerFiles } from './rules/no-server-files.ts';
import { noServerObject } from './rules/no-server-object.ts';
import { noTruncate } from './rules/no-truncate.ts';
import { noUnboundedWrite } from './rules/no-unbounded-write.ts';
import { pinnedSettings } from './rules/pinned-settings.ts';
import { readOnlyAccess } from './rules/read-only-access.ts';
import { replication } from './rules/replication.ts';
import { unknownCommand } from './rules/unknown-command.ts';

export const RULES: readonly Rule[] = [
  unknownCommand,
  pinnedSettings,
  replication,
  readOnlyAccess,
  noServerFiles,
  noActingAs,
  noAlterSystem,
  noExtension,
  noGrant,
  noRole,
  noDatabase,
  noServerObject,
  noLoad,
  noDangerousFunction,
  noSecurityDefiner,
  noDrop,
  noTruncate,
  noAlter,
  noMaintenance,
  noUnboundedWrite,
  noOpaqueCode,
  noPreparedTransaction,
  noCreate,
];
