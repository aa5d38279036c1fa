/** Writes the measured tables into docs/classification.md, between its marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { report } from './measure-corpus.ts';

const path = join(import.meta.dirname, '../../docs/classification.md');
const text = readFileSync(path, 'utf8');
writeFileSync(
  path,
  text.replace(/(<!-- measured -->\n)[\s\S]*(\n<!-- end -->)/u, (_, start, end) => `${start}${report()}${end}`),
);
