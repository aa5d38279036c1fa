/**
 * Which test files may follow one another in one process, so that what they import is loaded, compiled and warmed up once:
 * those of these folders that change nothing which others in it see. All others have a process of their own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDERS = [
  ...['api', 'approvals', 'audit', 'catalog', 'classify', 'commands', 'config', 'gateway', 'guardrails', 'identity'],
  ...['login', 'masking', 'pgwire', 'policy', 'sql', 'store', 'tunnel'],
];

/** Of modules, of the process and of the clock. */
const CHANGES = [
  /\bvi\.(?:mock|doMock|hoisted|spyOn|stub\w+|useFakeTimers|setSystemTime)\b/,
  /\bprocess\.env(?:\.\w+|\[[^\]]*\])\s*=[^=]/,
  /\b(?:delete |Object\.assign\()process\.env\b/,
  /\bprocess\.(?:chdir|on|once|umask)\(/,
  /\bglobalThis\.\w+\s*=[^=]/,
  /\bsyncBuiltinESMExports\b/,
];
/** They take long: little is gained, and they begin before all others. */
const LONG = new Set(
  `archive cli durability evidence kills lineage-oracle locks-differential login-command masking-dictionary ownership
  postgres-log-faults segment-log-faults session-life tamper tree witness`.split(/\s+/),
);

/** Paths from `root`. */
export function sharedFiles(root: string): string[] {
  const names = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' });
  return names
    .map((name) => `test/${name.replaceAll(path.sep, '/')}`)
    .filter((name) => name.endsWith('.test.ts') && FOLDERS.includes(name.split('/')[1]!))
    .filter((name) => !LONG.has(path.basename(name, '.test.ts')))
    .filter((name) => {
      const text = readFileSync(path.join(root, name), 'utf8');
      return !CHANGES.some((change) => change.test(text));
    });
}
