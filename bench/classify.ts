/**
 * `node bench/classify.ts`: what it costs to classify a database whose tables all have full samples. In: tables and rows
 * of each. Out: seconds of CPU, in the main thread and in all, and of the clock, for those tables and for 5,000 of the same kind.
 */
import { parseArgs } from 'node:util';
import { classifyingCost } from './classifying-cost.ts';

const { values } = parseArgs({
  options: {
    tables: { type: 'string', default: '200' },
    rows: { type: 'string', default: '1200' },
  },
});
const cost = await classifyingCost(Number(values.tables), Number(values.rows));
const of5000 = (value: number) => ((value * 5_000) / cost.tables).toFixed(0);
console.log(
  `${cost.tables} tables × ${cost.columns} columns × ${values.rows} rows, ${cost.sensitive} columns sensitive`,
);
console.log(
  `CPU ${cost.cpuSeconds.toFixed(1)} s (main thread ${cost.mainSeconds.toFixed(1)}), clock ${cost.seconds.toFixed(1)} s, at most ${cost.longestMs.toFixed(0)} ms at a time; ` +
    `of 5,000 tables CPU ${of5000(cost.cpuSeconds)} s, clock ${of5000(cost.seconds)} s`,
);
