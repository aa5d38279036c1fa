import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Checks, run, same } from './driver-run.ts';

/** psql as people use it: a script on stdin, \copy, Ctrl-C. */
export function psqlChecks(env: NodeJS.ProcessEnv, table: string): Checks {
  const psql = (input: string, ...args: string[]) =>
    run('psql', ['-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', ...args], env, input);
  const says = async (input: string, expected: string) => {
    const { stdout, stderr } = await psql(input, '-v', 'ON_ERROR_STOP=1');
    same([stdout.trim(), stderr], [expected, '']);
  };
  return {
    connect: () => says('SELECT 1;', '1'),
    parameters: () => says("\\set name grün\nSELECT :'name' || 'ö';", 'grünö'),
    // \gdesc is a Parse and Describe without an Execute; \d floods the catalog.
    async describe() {
      await says('SELECT 1 AS a, now() AS b \\gdesc', 'a|integer\nb|timestamp with time zone');
      const { stdout, exitCode } = await psql(
        '\\t off\n\\d keep_me\n\\dt\n\\dn\n\\du\n\\df pg_sleep\n',
        '-v',
        'ON_ERROR_STOP=1',
      );
      same(exitCode, 0);
      same(stdout.includes('keep_me_pkey'), true);
    },
    // As Sequel, DBeaver and pgcli ask.
    async server() {
      await says(
        "SELECT current_setting('server_version_num')::int > 140000, current_setting('block_size')::int;",
        't|8192',
      );
      await says(
        'SELECT "substring"(pg_get_constraintdef(oid), 7) FROM pg_constraint WHERE conname = \'keep_me_pkey\';',
        'Y KEY (id)',
      );
      await says(
        "SELECT substring(pg_catalog.pg_get_expr(adbin, adrelid, true) for 128) FROM pg_attrdef WHERE adrelid = 'keep_me'::regclass;",
        "'new'::text",
      );
    },
    prepared_reuse: () =>
      says('PREPARE twice (int) AS SELECT $1 * 2;\nEXECUTE twice (4);\nEXECUTE twice (5);', '8\n10'),
    async transaction_error() {
      await says(`CREATE TABLE ${table} (id int PRIMARY KEY, name text);`, '');
      const { stdout, stderr } = await psql(
        `BEGIN;\nINSERT INTO ${table} VALUES (1);\nINSERT INTO ${table} VALUES (1);\nSELECT 1;\nROLLBACK;\nSELECT count(*) FROM ${table};\n`,
      );
      same(stdout.trim(), '0');
      same(
        [...stderr.matchAll(/ERROR: {2}(\w+):/g)].map(([, code]) => code),
        ['23505', '25P02'],
      );
    },
    async batch() {
      // One Query with several statements, and \; which makes one.
      await says(`INSERT INTO ${table} VALUES (2, 'a') \\; SELECT count(*) FROM ${table};`, '1');
      const { stderr } = await psql(`INSERT INTO ${table} VALUES (3, 'never') \\; DROP TABLE keep_me;\n`);
      same(/ERROR: {2}(\w+):/.exec(stderr)?.[1], '42501');
      await says(`SELECT count(*) FROM ${table} WHERE id = 3;`, '0');
    },
    async copy() {
      const rows = Array.from({ length: 5000 }, (_, i) => `${i + 2000}\trow ${i} ä`).join('\n');
      await says(`\\copy ${table} FROM STDIN\n${rows}\n\\.\nSELECT count(*) FROM ${table} WHERE id >= 2000;\n`, '5000');
      await says(`\\copy (SELECT * FROM ${table} WHERE id >= 2000 ORDER BY id) TO STDOUT\n`, rows);
    },
    async cancel() {
      const statements = ['-c', "SELECT 'connected'", '-c', 'SELECT pg_sleep(30)'];
      const child = spawn('psql', ['-X', '-v', 'VERBOSITY=verbose', ...statements], { env });
      let stderr = '';
      child.stderr.on('data', (chunk) => (stderr += chunk));
      // Before it is connected the signal would only end it.
      await once(child.stdout, 'data');
      const timer = setInterval(() => child.kill('SIGINT'), 700);
      await once(child, 'close');
      clearInterval(timer);
      same(/57014/.test(stderr), true);
    },
    async listen_notify() {
      const { stdout } = await psql(`LISTEN ${table};\nNOTIFY ${table}, 'hello';\nSELECT 1;\n`);
      same(/Asynchronous notification "(\w+)" with payload "hello"/.exec(stdout)?.[1], table);
    },
    async denied() {
      const { stdout, stderr } = await psql(
        `DROP TABLE keep_me;\nSELECT 'alive';\nBEGIN;\nINSERT INTO ${table} VALUES (70000);\nDROP TABLE keep_me;\nSELECT 1;\n` +
          `ROLLBACK;\nSELECT count(*) FROM ${table} WHERE id = 70000;\nSELECT count(*) FROM keep_me;\n`,
      );
      same(stdout.trim().split('\n'), ['alive', '0', '3']);
      same(
        [...stderr.matchAll(/ERROR: {2}(\w+):/g)].map(([, code]) => code),
        ['42501', '42501', '25P02'],
      );
    },
    async cursor() {
      const { stdout } = await psql('SELECT g FROM generate_series(1, 1000) AS g;\n', '-v', 'FETCH_COUNT=70');
      same(stdout.trim().split('\n').length, 1000);
    },
    async big_parameter() {
      await says(`SELECT length('${'p'.repeat(1024 * 1024)}');\n`, String(1024 * 1024));
    },
    async big_value() {
      const { stdout } = await psql("SELECT repeat('x', 5 * 1024 * 1024);\n");
      same(stdout.trim().length, 5 * 1024 * 1024);
    },
    drop_own: () => says(`DROP TABLE ${table};`, ''),
  };
}
