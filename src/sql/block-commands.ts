/**
 * Commands that PostgreSQL refuses inside a transaction block in all their forms, and commits at once (its
 * PreventInTransactionBlock), by command tag.
 */
export const NOT_IN_BLOCK: readonly string[] = [
  'VACUUM',
  'CLUSTER',
  'REINDEX',
  'CREATE DATABASE',
  'ALTER DATABASE',
  'DROP DATABASE',
  'CREATE TABLESPACE',
  'DROP TABLESPACE',
  'ALTER SYSTEM',
  'CREATE SUBSCRIPTION',
  'ALTER SUBSCRIPTION',
  'DROP SUBSCRIPTION',
  'COMMIT PREPARED',
  'ROLLBACK PREPARED',
];
