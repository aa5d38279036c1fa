/** The same reads, by every way the protocol has. */
import type { Attack, Way } from '../attack.ts';
import { WAYS } from '../attack.ts';

const READS: Readonly<Record<string, string>> = {
  plain: 'SELECT id, mail, telefon, nachname FROM patienten WHERE id <= 9 ORDER BY id',
  nested: 'SELECT kontakt, weitere_mails, akte FROM patienten WHERE id <= 9',
  expression: `SELECT nachname || ' / ' || mail AS wer, reverse(telefon) FROM patienten WHERE id <= 9`,
  other: 'SELECT "氏名", "電話番号", "メール" FROM saas."会員" WHERE id <= 9',
};

/** Which read goes which way: all ways, each with two reads. */
export const send: readonly Attack[] = (Object.keys(WAYS) as Way[]).flatMap((by, i) =>
  Object.entries(READS)
    .filter((_, n) => n === i % 4 || n === (i + 1) % 4)
    .map(([read, sql]) => ({ id: `send.${by.replaceAll(' ', '-')}.${read}`, by, sql })),
);
