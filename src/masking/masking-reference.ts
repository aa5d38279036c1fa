import { Buffer } from 'node:buffer';
import { COLUMN_CLASSES, type ColumnClass } from '../classify/classes.ts';
import { decodeDataRow, encodeDataRow } from '../pgwire/result.ts';
import { BUILTIN_TYPES } from './builtin-types.ts';
import { ByteOutput } from './byte-output.ts';
import { maskContext } from './maskers/context.ts';
import type { MaskMode } from './plan.ts';
import { ResultRewriter } from './result-rewriter.ts';

/** The end of `docs/masking.md`: what the maskers make of an example of each class, made by `npm run reference`. */
export const MASKING_REFERENCE_MARK =
  '<!-- Generated from src/masking/ by "npm run reference" from here on; do not edit. -->';

const EXAMPLES: Readonly<Record<ColumnClass, readonly (readonly [type: string, value: string])[]>> = {
  email: [['text', 'jane.doe@mail.example']],
  phone: [['text', '+49 170 1234542']],
  person_name: [['text', 'Jane Doe']],
  postal_address: [['text', '12 Long Street, Lakeview']],
  geo: [
    ['text', '52.520008,13.404954'],
    ['numeric', '52.520008'],
  ],
  date_of_birth: [
    ['date', '1985-03-12'],
    ['text', '12.03.1985'],
  ],
  national_id: [['text', '123-45-6712']],
  tax_id: [['text', 'DE 123456789']],
  ip_address: [
    ['inet', '203.0.113.77'],
    ['text', '203.0.113.77'],
  ],
  device_id: [
    ['uuid', '6f9619ff-8b86-4d11-b42d-00c04fc964ff'],
    ['macaddr', '08:00:2b:01:02:03'],
  ],
  username: [['text', 'jane77']],
  password_hash: [['text', '$2b$12$abcdefghijklmnopqrstuv']],
  secret: [['text', 'key-0123456789abcdef']],
  payment_card: [['text', '4111 1111 1111 1111']],
  bank_account: [['text', 'DE89 3704 0044 0532 0130 00']],
  health: [['text', 'asthma']],
  demographic: [['text', 'widowed']],
  financial: [
    ['int4', '54321'],
    ['numeric', '54321.50'],
  ],
  free_text: [
    ['text', 'Please call me back'],
    ['jsonb', '{"note": "call me", "tries": 2}'],
  ],
  photo: [['text', 'https://img.example/jane.png']],
};

const MODES: readonly MaskMode[] = ['partial', 'token', 'redact', 'null'];

export function maskingReference(): string {
  return `${[
    MASKING_REFERENCE_MARK,
    '',
    '## Every class, masked',
    '',
    'Tokens are those of one key; each database has its own.',
    '',
    `| class | type | value | ${MODES.map((mode) => `\`${mode}\``).join(' | ')} |`,
    `|---|---|---|${'---|'.repeat(MODES.length)}`,
    ...COLUMN_CLASSES.flatMap((columnClass) =>
      EXAMPLES[columnClass].map(([type, value]) => {
        const masked = MODES.map((mode) => cell(maskedText(columnClass, mode, type, value)));
        return `| \`${columnClass}\` | ${type} | ${cell(value)} | ${masked.join(' | ')} |`;
      }),
    ),
  ].join('\n')}\n`;
}

/** As a session would send it. */
function maskedText(columnClass: ColumnClass, mode: MaskMode, type: string, value: string): string | null {
  const shape = [...BUILTIN_TYPES.values()].find(({ base, kind }) => base === type && kind === 'scalar');
  if (shape === undefined) throw new Error(`no type ${type}`);
  const plan = { columns: [{ do: 'mask', class: columnClass, mode } as const], passes: false, because: [] };
  const context = { ...maskContext(Buffer.alloc(32, 7)), types: (oid: number) => BUILTIN_TYPES.get(oid) };
  const rewriter = new ResultRewriter(plan, [{ typeOid: shape.oid, format: 0, typeModifier: -1 }], context);
  const out = new ByteOutput();
  const row = encodeDataRow([value]);
  rewriter.row(row, 0, row.length, out);
  const bytes = out.take();
  return decodeDataRow(bytes, 5, bytes.length)[0]?.toString('utf8') ?? null;
}

function cell(text: string | null): string {
  return text === null ? 'NULL' : `\`${text.replaceAll('|', '\\|')}\``;
}
