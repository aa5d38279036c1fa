/** COPY with a file or program of the server. */
import { ADMIN_ONLY, findingRule } from '../finding-rule.ts';

export const noServerFiles = findingRule({
  id: 'no-server-files',
  kinds: ['copy_server_file', 'copy_program'],
  from: ADMIN_ONLY,
  what: 'COPY to or from files and programs of the server',
  why: 'it reads, writes or runs something on the database server',
  instead: 'use COPY … TO STDOUT or FROM STDIN',
});
