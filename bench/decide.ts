/**
 * `node bench/decide.ts`: what a decision costs with 30 rules of one's own over the shipped ones, in µs. `seen`: the
 * statement is in the scope's memory; `judged`: every rule is asked; `again`: its names have been looked up, so it is
 * never remembered; `new`: parsed, analysed and judged, without the trip to a worker. Best of several rounds.
 */
import { parseArgs } from 'node:util';
import type { RuleSettings } from '../src/config/gateway-settings.ts';
import { PolicyScope } from '../src/gateway/policy-scope.ts';
import { NO_CLEARANCE } from '../src/masking/clearance.ts';
import { decide, type PolicyContext } from '../src/policy/decide.ts';
import type { Decision } from '../src/policy/decision.ts';
import { compilePolicy, scopeRules } from '../src/policy/policy.ts';
import { analyse } from '../src/sql/analyse.ts';
import type { Analysis } from '../src/sql/facts.ts';
import { loadGrammar } from '../src/sql/grammar.ts';

const { values } = parseArgs({
  options: { rules: { type: 'string', default: '30' }, rounds: { type: 'string', default: '40' } },
});

/** One of each kind that asks something else of a statement, over and over. */
const KINDS: readonly ((i: number) => Omit<RuleSettings, 'id'>)[] = [
  (i) => ({ match: { relation: [`finance.ledger_${i}*`] }, effect: 'deny' }),
  (i) => ({ match: { relation: [`salaries_${i}`, `hr.*_${i}`] }, effect: 'hold' }),
  (i) => ({ match: { function: [`dblink_${i}*`, `pg_sleep_${i}`] }, effect: 'deny' }),
  (i) => ({ match: { finding: ['delete without where'], relation: [`audit_${i}`] }, effect: 'deny' }),
  (i) => ({
    match: { finding: ['drops', 'alters'], object: ['others'], relation: [`core.base_${i}`] },
    effect: 'deny',
  }),
  (i) => ({ match: { command: [`CREATE EXTENSION ${i}`, 'REINDEX*'] }, effect: 'deny' }),
  (i) => ({ match: { writes: true, relation: [`ledger_*_${i}`] }, effect: 'hold' }),
  (i) => ({ match: { class: ['ddl'], relation: [`shop.prices_${i}?`] }, effect: 'hold' }),
  (i) => ({ match: { finding: ['drops'], relation: [`scratch_${i}_*`] }, effect: 'allow' }),
  (i) => ({ match: { finding: ['alters', 'creates'], relation: [`tmp_${i}.*`] }, effect: 'allow' }),
];

const STATEMENTS: Readonly<Record<string, string>> = {
  'select 1': 'SELECT 1',
  'by key': 'SELECT id, name, email FROM public.users WHERE id = $1',
  'five joins':
    'SELECT u.name, lower(u.email), count(*), max(o.at) FROM users u JOIN orders o ON o.user_id = u.id ' +
    'JOIN sales.lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id JOIN stock.places s ' +
    "ON s.product_id = p.id WHERE coalesce(o.state, 'x') = $1 AND date_trunc('day', o.at) = $2 GROUP BY 1, 2",
  insert: 'INSERT INTO orders (user_id, state, at) VALUES ($1, $2, now()) RETURNING id',
  update: 'UPDATE accounts SET balance = balance + $1 WHERE id = $2',
  'delete of all': 'DELETE FROM scratch',
  'create table': 'CREATE TABLE report (id int PRIMARY KEY, user_id int REFERENCES users, note text)',
  'alter table': 'ALTER TABLE orders ADD COLUMN note text, ADD CHECK (length(note) < 100)',
  'drop three': 'DROP TABLE a, shop."B c", d CASCADE',
};

const rules = Array.from(
  { length: Number(values.rules) },
  (_, i): RuleSettings => ({ id: `own-${i}`, ...KINDS[i % KINDS.length]!(i) }),
);
const at: PolicyContext = {
  database: 'shop',
  environment: 'production',
  access: 'write',
  create: true,
  principalKind: 'user',
};
const context: PolicyContext = { ...at, rules: scopeRules(compilePolicy(rules), at) };
const grammar = await loadGrammar(17);

function micros(times: number, run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < Number(values.rounds); round++) {
    const start = performance.now();
    for (let i = 0; i < times; i++) run();
    best = Math.min(best, ((performance.now() - start) * 1000) / times);
  }
  return best;
}

/** As the gateway asks it again, all of it somebody's own. */
function again(analysis: Analysis): (() => unknown) | undefined {
  const first = decide(analysis, context);
  if (first.effect !== 'resolve') return undefined;
  const resolved = first.targets.map((target) => {
    return { target, oid: 16_384, own: true, temporary: false, isView: false, othersDepend: false };
  });
  return () => decide(analysis, { ...context, resolved });
}

const says = (decision: Decision): string => (decision.effect === 'deny' ? decision.rule : decision.effect);
const figure = (value: number): string => value.toFixed(2).padStart(8);
console.log(`${rules.length} rules of one's own; µs, best of ${values.rounds} rounds`);
console.log(`${''.padEnd(16)}${['seen', 'judged', 'again', 'new'].map((name) => name.padStart(8)).join('')}  decision`);
// All of them in turn first: what a rule sees in life is not one statement over and over.
for (const sql of Object.values(STATEMENTS)) micros(200, () => decide(analyse(sql, grammar), context));
for (const [name, sql] of Object.entries(STATEMENTS)) {
  const analysis = analyse(sql, grammar);
  const scope = new PolicyScope(context, NO_CLEARANCE);
  const asked = again(analysis);
  const row = [
    micros(2000, () => scope.judge(analysis)),
    micros(2000, () => decide(analysis, context)),
    asked === undefined ? undefined : micros(2000, asked),
    micros(100, () => decide(analyse(sql, grammar), context)),
  ];
  const figures = row.map((value) => (value === undefined ? ''.padStart(8) : figure(value))).join('');
  console.log(`${name.padEnd(16)}${figures}  ${says(decide(analysis, context))}`);
}
