/**
 * The table that the benches of masking read, and the questions they ask of it: nothing that is masked, one text of three,
 * ten columns, values whose masks are keyed, long ones, a document, prose that is scanned; by SELECT and COPY, in every
 * format.
 */
import type { Question } from './answer-reader.ts';
import { clientOf, type Target } from './targets.ts';

const CLEAR = ['id', 'plan', 'signed_up'];
const ONE = ['id', 'email', 'plan'];
const TEXTS = ['email', 'full_name', 'phone', 'username', 'street_address', 'card_number', 'iban', 'second_email'];
export const TEN = [...TEXTS, 'last_name', 'date_of_birth'];
const KEYED = [...TEXTS.slice(0, 6), 'date_of_birth', 'national_id', 'advertising_id', 'ip_address'];

const KINDS = [
  ['nothing sensitive', CLEAR],
  ['one text of three', ONE],
  ['ten columns', TEN],
  ['ten, three keyed', KEYED],
  ['one of a long row', ['id', 'email', `repeat('lorem ipsum ', 80)`]],
  ['a document', ['id', 'profile']],
  ['scanned prose', ['id', 'remark']],
] as const;
export type Kind = (typeof KINDS)[number][0];

export const WAYS = ['SELECT text', 'SELECT binary', 'COPY text', 'COPY csv', 'COPY binary'] as const;
export type Way = (typeof WAYS)[number];

export interface Case extends Question {
  readonly name: `${Kind}, ${Way}`;
  readonly kind: Kind;
}

/** All of them, kind by kind. */
export function cases(): Case[] {
  return KINDS.flatMap(([kind, columns]) =>
    WAYS.map((way): Case => {
      const list = columns.join(', ');
      const [command, format] = way.split(' ') as ['SELECT' | 'COPY', Question['format'] | 'csv'];
      const sql =
        command === 'SELECT'
          ? `SELECT ${list} FROM people`
          : `COPY (SELECT ${list} FROM people) TO STDOUT${format === 'text' ? '' : ` (FORMAT ${format})`}`;
      return { name: `${kind}, ${way}`, kind, sql, format: way === 'SELECT binary' ? 'binary' : 'text' };
    }),
  );
}

export async function makePeople(target: Target, rows: number): Promise<void> {
  const client = clientOf(target);
  await client.connect();
  await client.query(`CREATE TABLE people AS SELECT
    i::bigint AS id,
    'person.number' || i || '@mailbox.example' AS email,
    'Jonas Weber' || chr(97 + i % 26) AS full_name,
    '+49 170 ' || 1000000 + i AS phone,
    'user' || i AS username,
    i || ' Long Street, Lakeview' AS street_address,
    '4111 1111 1111 ' || 1000 + i % 9000 AS card_number,
    'DE44 5001 0517 5407 ' || 1000 + i % 9000 || ' 31' AS iban,
    'second' || i || '@mailbox.example' AS second_email,
    'Weber' || chr(97 + i % 26) AS last_name,
    date '1950-01-01' + i % 20000 AS date_of_birth,
    10000000 + i AS national_id,
    md5(i::text)::uuid AS advertising_id,
    inet '192.168.0.0' + i % 65536 AS ip_address,
    CASE WHEN i % 3 = 0 THEN 'free' ELSE 'business' END AS plan,
    timestamptz '2024-01-01' + i * interval '1 second' AS signed_up,
    jsonb_build_object('email', 'person.number' || i || '@mailbox.example', 'theme', 'dark', 'size', i % 60) AS profile,
    'the parcel of order ' || i || ' was brought back to the shop' AS remark
    FROM generate_series(1, ${rows}) AS i`);
  await client.query('VACUUM ANALYZE people');
  await client.end();
}

/** Throws where a column is masked that should not be, or the other way round: the rest would measure nothing. */
export async function checkMasks(admin: Target, developer: Target): Promise<void> {
  const [real, shown] = await Promise.all(
    [admin, developer].map(async (target) => {
      const client = clientOf(target);
      await client.connect();
      const { rows: found } = await client.query('SELECT * FROM people WHERE id = 4242');
      await client.end();
      return found[0] as Record<string, unknown>;
    }),
  );
  for (const column of new Set([...CLEAR, ...ONE, ...TEN, ...KEYED, 'profile'])) {
    const isMasked = JSON.stringify(real![column]) !== JSON.stringify(shown![column]);
    const isClear = CLEAR.includes(column);
    if (isMasked === isClear)
      throw new Error(`${column} is ${isMasked ? '' : 'not '}masked: ${String(shown![column])}`);
  }
}
