import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

/** Runs each argument as a statement on one connection and prints as psql does, errors with their SQLSTATE. */
const SCRIPT = `
const { default: pg } = await import(process.argv[1]);
const client = new pg.Client();
await client.connect();
let failed = false;
for (const sql of process.argv.slice(2)) {
  try {
    const result = await client.query({ text: sql, rowMode: 'array' });
    for (const row of result.rows) console.log(row.join('|'));
    if (result.command !== 'SELECT') console.log(result.command, result.rowCount ?? '');
    failed = false;
  } catch (error) {
    failed = true;
    console.error('ERROR:  ' + error.code + ': ' + error.message);
    if (error.detail) console.error('DETAIL:  ' + error.detail);
    if (error.hint) console.error('HINT:  ' + error.hint);
  }
}
await client.end();
process.exitCode = failed ? 1 : 0;`;

export interface SqlClient {
  readonly name: string;
  /** The command that runs statements on one connection, going on after an error; it finds the server by PG*. */
  command(statements: readonly string[]): readonly string[];
}

/** psql where it is installed, else the `pg` driver in a node of its own. */
export async function findSqlClient(searchPath: string): Promise<SqlClient> {
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.join(folder, process.platform === 'win32' ? 'psql.exe' : 'psql');
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!path.isAbsolute(folder) || !found) continue;
    return {
      name: 'psql',
      command: (statements) => [file, '-XAt', '-v', 'VERBOSITY=verbose', ...statements.flatMap((sql) => ['-c', sql])],
    };
  }
  const driver = import.meta.resolve('pg');
  return {
    name: 'pg',
    command: (statements) => [process.execPath, '--input-type=module', '-e', SCRIPT, '--', driver, ...statements],
  };
}
