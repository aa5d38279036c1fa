import { describe, expect, it } from 'vitest';
import type { Classification, ColumnClass } from '../../src/classify/classes.ts';
import { FULL_CLEARANCE, type MaskingRights, NO_CLEARANCE } from '../../src/masking/clearance.ts';
import type { ColumnKnowledge } from '../../src/masking/column-knowledge.ts';
import { makePlan } from '../../src/masking/make-plan.ts';
import type { ColumnRef, ColumnUse, Flow, OutputColumn, StatementLineage } from '../../src/sql/lineage/lineage.ts';

const USERS = 1;
const ORDERS = 2;
const STATISTICS = 3;
const ROUTINES = 4;
/** users: id, email, phone, note (prose), profile (json with paths), mail; orders: id, email, secret copies. */
const CLASSES: Readonly<Record<string, Classification>> = {
  '1.1': clear(),
  '1.2': of('email'),
  '1.3': of('phone'),
  '1.4': { ...clear(), scan: true },
  '1.5': { ...clear(), paths: new Map([['contact.mail', 'email' as const]]) },
  '1.8': { ...clear(), paths: new Map([['mail', 'email' as const]]) },
  '1.7': {
    ...clear(),
    paths: new Map([
      ['user\\.name', 'person_name' as const],
      ['who.mail', 'email' as const],
      ['who.[].name', 'person_name' as const],
    ]),
  },
  '1.6': {
    ...of('postal_address'),
    paths: new Map([
      ['street', 'postal_address' as const],
      ['inner.mail', 'email' as const],
    ]),
  },
  '2.1': clear(),
  '2.2': of('email'),
  '2.3': of('secret'),
  '2.4': of('financial'),
  '2.5': { ...of('email'), computed: true },
  '2.6': of('free_text'),
  '2.7': { ...clear(), paths: new Map([['contact.mail', 'email' as const]]) },
  '5.4': of('financial'),
  '5.5': { ...of('email'), computed: true },
};

function of(one: ColumnClass): Classification {
  return { class: one, confidence: 1, evidence: [], scan: false };
}
function clear(): Classification {
  return { class: undefined, confidence: 1, evidence: [], scan: false };
}

const known: ColumnKnowledge = {
  classOf: (relation, attnum) => CLASSES[`${relation}.${attnum}`],
  systemAction: ({ relation }) => (relation === STATISTICS ? 'redact' : relation === ROUTINES ? 'scan' : undefined),
  fieldsOf: ({ attnum }) => (attnum === 6 ? ['street', 'kind', 'inner'] : undefined),
  isText: ({ attnum }) => attnum === 8,
  nameOf: ({ relation, attnum }) => `t${relation}.c${attnum}`,
  masksIn: (relation) => relation === USERS,
  columnsOf: () => [1, 2, 3],
  isMadeHere: (routine) => routine === 'public.own',
  isTableMadeHere: (relation) => relation === 5,
  isMadeBy: (relation) => relation === 5,
  holdsOnlyGiven: () => false,
  isKey: () => false,
  referredBy: () => [],
  hasTriggers: () => false,
  origin: () => 'before',
  isLaundry: (relation) => relation === 9,
  decidesBy: () => false,
  guardOf: () => undefined,
};

const at = (relation: number, attnum: number, path?: string[]): ColumnRef => ({
  relation,
  attnum,
  ...(path === undefined ? {} : { path }),
});
const id = at(USERS, 1);
const email = at(USERS, 2);
const phone = at(USERS, 3);

function flow(shape: Flow['shape']['kind'] | Flow['shape'], ...sources: ColumnRef[]): Flow {
  return { sources, unknown: [], shape: typeof shape === 'string' ? ({ kind: shape } as Flow['shape']) : shape };
}
function column(from: Flow): OutputColumn {
  return { ...from, name: 'c', type: undefined, origin: undefined };
}
function statement(parts: Partial<StatementLineage>): StatementLineage {
  return {
    columns: undefined,
    resultOf: undefined,
    defines: undefined,
    uses: [],
    writes: [],
    reads: [],
    modifies: [],
    unknown: [],
    opaque: [],
    ...parts,
  };
}
const plan = (parts: Partial<StatementLineage>, rights: MaskingRights = NO_CLEARANCE) =>
  makePlan(statement(parts), known, rights);
const action = (from: Flow, rights?: MaskingRights) => plan({ columns: [column(from)] }, rights).result?.columns[0];
const refusal = (parts: Partial<StatementLineage>, rights?: MaskingRights) => plan(parts, rights).refuse?.rule;
const use = (source: ColumnRef, kind: ColumnUse['use'], against?: ColumnRef[]): ColumnUse => ({
  source,
  use: kind,
  subject: undefined,
  offset: 7,
  ...(against === undefined ? {} : { against }),
});

describe('columns of an answer', () => {
  it.each([
    ['a clear column', flow('copy', id), { do: 'pass' }],
    ['constants', flow('derived'), { do: 'pass' }],
    ['a copy', flow('copy', email), { do: 'mask', class: 'email', mode: 'partial' }],
    ['a copy beside a clear column', flow('copy', id, email), { do: 'mask', class: 'email', mode: 'partial' }],
    ['copies of two classes', flow('copy', email, phone), { do: 'redact', keepsBlank: true }],
    ['an expression', flow('derived', email), { do: 'redact' }],
    ['text with it inside', flow('text', id, email), { do: 'redact' }],
    [
      'text that is NULL where it is',
      { ...flow('text', id, email), keepsBlank: true as const },
      { do: 'redact', keepsBlank: true },
    ],
    ['the unknown', { ...flow('text', email), keepsBlank: true as const, unknown: ['x'] }, { do: 'redact' }],
    ['prose', flow('copy', at(USERS, 4)), { do: 'scan' }],
    ['an expression over prose', flow('derived', at(USERS, 4)), { do: 'scan' }],
    ['a column that was never classified', flow('copy', at(USERS, 99)), { do: 'redact', keepsBlank: true }],
    ['statistics', flow('copy', at(STATISTICS, 1)), { do: 'redact', keepsBlank: true }],
    ['a json key that is clear', flow('copy', at(USERS, 5, ['theme'])), { do: 'scan' }],
    [
      'a json key that is not',
      flow('copy', at(USERS, 5, ['contact', 'mail'])),
      { do: 'mask', class: 'email', mode: 'partial' },
    ],
    ['what is around a json key that is not', flow('derived', at(USERS, 5, ['contact'])), { do: 'redact' }],
    ['an expression over a json column with such a key', flow('derived', at(USERS, 5)), { do: 'redact' }],
    [
      'an array',
      flow({ kind: 'array', element: flow('copy', email) }, email),
      { do: 'array', element: { do: 'mask', class: 'email', mode: 'partial' } },
    ],
  ])('%s', (_name, from, expected) => {
    expect(action(from)).toEqual(expected);
  });

  it('redacts what is unknown, whatever else is known of it', () => {
    expect(action({ ...flow('copy', id), unknown: ['dblink'] })).toEqual({ do: 'redact' });
  });

  it('masks a row and json by their fields', () => {
    const row = flow(
      {
        kind: 'row',
        fields: [
          { name: 'id', flow: flow('copy', id) },
          { name: 'email', flow: flow('copy', email) },
        ],
      },
      id,
      email,
    );
    const mask = { do: 'mask', class: 'email', mode: 'partial' };
    expect(action(row)).toEqual({ do: 'row', fields: [{ do: 'pass' }, mask] });
    const json = action(flow({ kind: 'json', value: row }, id, email));
    if (json?.do !== 'json') throw new Error('no json');
    expect([...json.keys]).toEqual([
      ['id', { do: 'pass' }],
      ['email', { do: 'json', keys: new Map(), otherwise: mask }],
    ]);
    expect(json.otherwise).toEqual({ do: 'redact' });
  });

  it('masks a document that is a text as it is, and within others not at all', () => {
    const value = flow({ kind: 'row', fields: [{ name: 'email', flow: flow('copy', email) }] }, email);
    const text = flow({ kind: 'text', document: value }, email);
    expect(action(text)).toEqual(action(flow({ kind: 'json', value }, email)));
    expect(action(flow({ kind: 'array', element: text }, email))).toEqual({ do: 'array', element: { do: 'redact' } });
    expect(action(flow({ kind: 'json', value: text }, email))).toEqual({ do: 'redact' });
  });

  it('redacts of a document, a row or an array those parts that nobody sees', () => {
    const hidden = { do: 'redact', keepsBlank: true };
    const field = { name: 'values', flow: flow('copy', at(STATISTICS, 1)) };
    const row = flow(
      { kind: 'row', fields: [{ name: 'id', flow: flow('copy', id) }, field] },
      id,
      ...field.flow.sources,
    );
    expect(action(row)).toEqual({ do: 'row', fields: [{ do: 'pass' }, hidden] });
    const json = action(flow({ kind: 'json', value: row }, ...row.sources));
    expect(json?.do === 'json' && json.keys).toEqual(
      new Map([
        ['id', { do: 'pass' }],
        ['values', { do: 'json', keys: new Map(), otherwise: hidden }],
      ]),
    );
  });

  it('puts no documents in order of what is masked in them, beside what is not', () => {
    const mail = at(USERS, 5, ['contact', 'mail']);
    const inOrder = (source: ColumnRef) =>
      refusal({ columns: [column(flow('copy', source))], uses: [use(mail, 'order')] });
    expect(inOrder(at(USERS, 5))).toBe('masking.no-order');
    expect(inOrder(at(USERS, 5, ['contact']))).toBe('masking.no-order');
    expect(inOrder(mail)).toBeUndefined();
  });

  it('redacts both of two json fields of one name', () => {
    const row = flow(
      {
        kind: 'row',
        fields: [
          { name: 'a', flow: flow('copy', id) },
          { name: 'a', flow: flow('copy', email) },
        ],
      },
      id,
      email,
    );
    const json = action(flow({ kind: 'json', value: row }, id, email));
    expect(json?.do === 'json' && json.keys.get('a')).toEqual({ do: 'redact' });
  });

  it('masks a composite by its fields', () => {
    const row = action(flow('copy', at(USERS, 6)));
    const street = { do: 'mask', class: 'postal_address', mode: 'partial' };
    expect(row).toEqual({ do: 'row', fields: [street, { do: 'scan' }, { do: 'redact', keepsBlank: true }] });
  });

  it('looks into a json column by its paths', () => {
    const json = action(flow('copy', at(USERS, 5)));
    if (json?.do !== 'json') throw new Error('no json');
    expect(json.otherwise).toEqual({ do: 'scan' });
    const contact = json.keys.get('contact');
    expect(contact?.do === 'json' && contact.keys.get('mail')).toMatchObject({ otherwise: { class: 'email' } });
  });

  it('redacts a document that is a text where it becomes a string of another', () => {
    const inJson = (attnum: number) => {
      const field = flow('copy', at(USERS, attnum));
      const row = flow({ kind: 'row', fields: [{ name: 'k', flow: field }] }, ...field.sources);
      return action(flow({ kind: 'json', value: row }, ...field.sources));
    };
    expect(inJson(8)).toMatchObject({ keys: new Map([['k', { do: 'redact' }]]) });
    expect(inJson(5)).toMatchObject({ keys: new Map([['k', { do: 'json', otherwise: { do: 'scan' } }]]) });
    expect(action(flow('copy', at(USERS, 8)))).toMatchObject({ do: 'json' });
  });

  it('looks into a part of a document by what is below it', () => {
    const leaf = (one: ColumnClass) => ({
      do: 'json',
      keys: new Map(),
      otherwise: { do: 'mask', class: one, mode: 'partial' },
    });
    const part = (...path: string[]) => action(flow('copy', at(USERS, 7, path)));
    expect(action(flow('copy', at(USERS, 7)))).toMatchObject({ do: 'json', otherwise: { do: 'scan' } });
    expect(part('who')).toEqual({
      do: 'json',
      keys: new Map([
        ['mail', leaf('email')],
        ['name', leaf('person_name')],
      ]),
      otherwise: { do: 'scan' },
    });
    expect(part('who', 'mail')).toEqual({ do: 'mask', class: 'email', mode: 'partial' });
    expect(part('user.name')).toMatchObject({ class: 'person_name' });
    expect(part('user')).toEqual({ do: 'scan' });
    const rights: MaskingRights = { ...NO_CLEARANCE, classes: new Map([['email', 'none'] as const]) };
    expect(action(flow('copy', at(USERS, 7, ['who'])), rights)).toMatchObject({
      keys: new Map<string, unknown>([
        ['mail', { do: 'json', keys: new Map(), otherwise: { do: 'pass' } }],
        ['name', leaf('person_name')],
      ]),
    });
    expect(action(flow('copy', at(USERS, 7, ['who', 'mail'])), rights)).toEqual({ do: 'pass' });
  });

  it('lets nobody who is masked make what would tell', () => {
    expect(plan({ oracle: 'collation' }).refuse?.rule).toBe('masking.no-inference');
    expect(plan({ oracle: 'collation' }, FULL_CLEARANCE).refuse).toBeUndefined();
    expect(plan({ oracle: 'collation' }, { ...NO_CLEARANCE, predicates: 'free' }).refuse).toBeUndefined();
  });

  it('shows everything to full clearance, and a class to whom it is open', () => {
    expect(action(flow('derived', email), FULL_CLEARANCE)).toEqual({ do: 'pass' });
    const rights: MaskingRights = { ...NO_CLEARANCE, classes: new Map([['email', 'none'] as const]) };
    expect(action(flow('copy', email), rights)).toEqual({ do: 'pass' });
    expect(action(flow('copy', phone), rights)).toMatchObject({ do: 'mask' });
  });

  it('knows no columns of a statement that could not be traced', () => {
    const blind = plan({ columns: [column(flow('copy', id))], unknown: ['a rule'] });
    expect(blind.result).toBeUndefined();
    expect(blind.messages).toBe('data');
  });
});

describe('what masked columns steer', () => {
  it.each([
    ['a lookup', [use(email, 'lookup')], undefined],
    ['a null test', [use(email, 'null_test')], undefined],
    ['grouping', [use(email, 'group')], undefined],
    ['a join with its like', [use(email, 'join', [at(ORDERS, 2)])], undefined],
    ['a join with another class', [use(email, 'join', [phone])], 'masking.no-join'],
    ['a join with a clear column', [use(email, 'join', [id])], 'masking.no-join'],
    ['a join with no column at all', [use(email, 'join', [])], 'masking.no-join'],
    ['a predicate', [use(email, 'predicate')], 'masking.no-inference'],
    ['what may fail', [use(email, 'fallible')], 'masking.no-inference'],
    ['a sink', [use(email, 'sink')], 'masking.no-sink'],
    ['a predicate on a clear column', [use(id, 'predicate')], undefined],
  ])('%s', (_name, uses, expected) => {
    expect(refusal({ uses })).toBe(expected);
  });

  it('lets order what is masked itself, and not what other columns identify', () => {
    const uses = [use(email, 'order')];
    expect(refusal({ uses, columns: [column(flow('copy', email)), column(flow('derived'))] })).toBeUndefined();
    expect(refusal({ uses, columns: [column(flow('copy', id))] })).toBe('masking.no-order');
  });

  it('compares several columns in one text where all are others’ and masked', () => {
    const joins = (...against: ColumnRef[]): ColumnUse => ({ ...use(email, 'lookup', against), joins: true });
    expect(refusal({ uses: [joins(email, phone)] })).toBeUndefined();
    expect(refusal({ uses: [joins(email, id)] })).toBe('masking.no-inference');
    expect(refusal({ uses: [joins(email, at(5, 4))] })).toBe('masking.no-inference');
    expect(refusal({ uses: [{ ...use(email, 'lookup'), joins: true }] })).toBe('masking.no-inference');
  });

  it('compares digits alone of what is a number', () => {
    expect(refusal({ uses: [{ ...use(phone, 'lookup'), digits: true }] })).toBeUndefined();
    expect(refusal({ uses: [{ ...use(email, 'lookup'), digits: true }] })).toBe('masking.no-inference');
    expect(refusal({ uses: [{ ...use(id, 'lookup'), digits: true }] })).toBeUndefined();
  });

  it('follows what is set for conditions', () => {
    const free: MaskingRights = { ...NO_CLEARANCE, predicates: 'free' };
    expect(refusal({ uses: [use(email, 'predicate')] }, free)).toBeUndefined();
    expect(refusal({ uses: [use(email, 'sink')] }, free)).toBe('masking.no-sink');
    const none: MaskingRights = { ...NO_CLEARANCE, predicates: 'none' };
    expect(refusal({ uses: [use(email, 'lookup')] }, none)).toBe('masking.no-lookup');
  });

  it('puts nothing in order among what one may know', () => {
    const own = at(5, 2);
    for (const one of [use(email, 'order'), { ...use(email, 'group'), sorted: true as const }]) {
      expect(refusal({ uses: [{ ...one, against: [email, own] }] })).toBe('masking.no-order');
      expect(refusal({ uses: [{ ...one, against: [email, id] }] })).toBe('masking.no-order');
      expect(refusal({ uses: [{ ...one, against: [email, at(ORDERS, 2)] }] })).toBeUndefined();
      expect(refusal({ uses: [one] })).toBeUndefined();
    }
    expect(refusal({ uses: [use(email, 'group', [email, own])] })).toBeUndefined();
  });

  it('counts groups of masked values and others as the bits that their order tells', () => {
    const cost = (own: number, against?: ColumnRef[]) =>
      plan({ uses: [{ ...use(email, 'group', against), ...(own === 0 ? {} : { own }) }] }).lookups;
    expect(cost(0)).toBe(0);
    expect(cost(1)).toBe(35);
    expect(cost(20)).toBe(175);
    expect(cost(0, [email, id])).toBe(35);
    expect(cost(0, [email, at(ORDERS, 2)])).toBe(0);
  });

  it('lets nothing within a statement, and nothing that is stored, go by the order of masked values', () => {
    const inner = { ...use(email, 'order'), inner: true as const };
    expect(refusal({ uses: [inner] })).toBeUndefined();
    expect(refusal({ uses: [inner, use(id, 'null_test')] })).toBeUndefined();
    for (const kind of ['lookup', 'predicate', 'join', 'order', 'group'] as const)
      expect(refusal({ uses: [inner, use(id, kind)] })).toBe('masking.no-order');
    expect(refusal({ uses: [use(email, 'order'), use(id, 'lookup')] })).toBeUndefined();
    expect(refusal({ uses: [use(email, 'order')], modifies: [ORDERS] })).toBe('masking.no-order');
    expect(refusal({ uses: [use(email, 'order'), use(id, 'sink')] })).toBe('masking.no-order');
    const label = { ...column(flow('copy')), label: true as const };
    expect(refusal({ columns: [label, column(flow('copy', email))], uses: [use(email, 'order')] })).toBe(
      'masking.no-order',
    );
    expect(
      refusal({ columns: [column(flow('copy')), column(flow('copy', email))], uses: [use(email, 'order')] }),
    ).toBeUndefined();
  });

  it('counts lookups', () => {
    expect(plan({ uses: [use(email, 'lookup'), use(id, 'lookup'), use(phone, 'lookup')] }).lookups).toBe(2);
  });
});

describe('what is written', () => {
  const target = (attnum: number, relation = USERS) => ({ kind: 'column' as const, relation, attnum });
  const made = { kind: 'new' as const, lookup: 'public.copy', column: 'a', ordinal: 1, temporary: false };

  it.each([
    ['into a column of its class', target(2, ORDERS), flow('copy', email), undefined],
    ['into a clear column', target(1, ORDERS), flow('copy', email), 'masking.no-copy'],
    ['an expression into a clear column', target(1, ORDERS), flow('derived', email), 'masking.no-copy'],
    ['the unknown into a clear column', target(1, ORDERS), { ...flow('derived'), unknown: ['x'] }, 'masking.no-copy'],
    ['what is clear', target(1, ORDERS), flow('copy', id), undefined],
    ['another class', target(2, ORDERS), flow('copy', phone), 'masking.no-copy'],
    ['an expression into its own column', target(2), flow('derived', email), 'masking.no-copy'],
    ['a text of it', target(2, ORDERS), flow('text', email), 'masking.no-copy'],
    ['an expression into what shows nothing', target(3, ORDERS), flow('derived', email), 'masking.no-copy'],
    ['a copy into what shows nothing', target(3, ORDERS), flow('copy', email), undefined],
    ['an expression into what was computed', target(5, ORDERS), flow('derived', email), 'masking.no-copy'],
    [
      'a text that is as long, into what was computed',
      target(5, ORDERS),
      { ...flow('text', email), keepsBlank: true as const },
      undefined,
    ],
    ['a copy into prose', target(6, ORDERS), flow('copy', email), undefined],
    ['an expression into prose, whose length is shown', target(6, ORDERS), flow('text', email), 'masking.no-copy'],
    ['a document into one with the same paths', target(7, ORDERS), flow('copy', at(USERS, 5)), undefined],
    ['a document that is put together anew', target(7, ORDERS), flow('json', at(USERS, 5)), 'masking.no-copy'],
    ['a part of a document', target(7, ORDERS), flow('copy', at(USERS, 5, ['contact'])), 'masking.no-copy'],
  ])('%s', (_name, to, from, expected) => {
    expect(refusal({ writes: [{ target: to, flow: from, offset: 0 }] })).toBe(expected);
  });

  it('keeps of what is computed in a new table only what is as long as its column', () => {
    const kept = (from: Flow, stored?: true) =>
      refusal({ writes: [{ target: made, flow: from, offset: 0, ...(stored ? { stored } : {}) }] });
    expect(kept(flow('derived', email), true)).toBe('masking.no-copy');
    expect(kept({ ...flow('text', email), keepsBlank: true }, true)).toBeUndefined();
    expect(kept(flow('copy', email), true)).toBeUndefined();
    // A view keeps nothing.
    expect(kept(flow('derived', email))).toBeUndefined();
  });

  it('lets amounts be added to, as often as values may be looked up, but not in tables of one’s own', () => {
    const sums = (relation: number, attnum: number) =>
      plan({
        writes: [
          { target: target(attnum, relation), flow: flow('derived', at(relation, attnum)), sums: true, offset: 0 },
        ],
      });
    expect(sums(ORDERS, 4)).toMatchObject({ refuse: undefined, lookups: 1 });
    expect(sums(ORDERS, 1)).toMatchObject({ refuse: undefined, lookups: 0 });
    expect(sums(5, 4).refuse?.rule).toBe('masking.no-copy');
    expect(sums(ORDERS, 2).refuse?.rule).toBe('masking.no-copy');
  });

  it('scans definitions as they are written, and shows nothing that is computed from them', () => {
    expect(action(flow('copy', at(ROUTINES, 1)))).toEqual({ do: 'scan' });
    expect(action(flow('text', at(ROUTINES, 1)))).toEqual({ do: 'scan' });
    expect(action(flow('derived', at(ROUTINES, 1)))).toEqual({ do: 'redact', keepsBlank: true });
    expect(action(flow('derived', at(USERS, 4)))).toEqual({ do: 'scan' });
  });

  it('shows nothing of what was computed from masked values', () => {
    expect(action(flow('copy', at(ORDERS, 5)))).toEqual({ do: 'redact', keepsBlank: true });
    expect(action(flow({ kind: 'array', element: flow('copy', at(ORDERS, 5)) }, at(ORDERS, 5)))).toEqual({
      do: 'array',
      element: { do: 'redact', keepsBlank: true },
    });
  });

  it('tells nothing of what somebody chose to compute, be it NULL or how often it is there', () => {
    const chosen = at(5, 5);
    expect(action(flow('copy', chosen))).toEqual({ do: 'redact' });
    for (const kind of ['lookup', 'null_test', 'count', 'group', 'order'] as const) {
      expect(refusal({ uses: [use(chosen, kind)] })).toBe('masking.no-inference');
      expect(refusal({ uses: [use(chosen, kind)] }, { ...NO_CLEARANCE, predicates: 'free' })).toBeUndefined();
      expect(refusal({ uses: [use(at(ORDERS, 5), kind)] })).toBeUndefined();
    }
    expect(refusal({ uses: [use(chosen, 'join', [email])] })).toBe('masking.no-inference');
  });

  it('gives what is made the class of a copy, and more to what is computed', () => {
    const inherits = (from: Flow) => plan({ writes: [{ target: made, flow: from, offset: 0 }] }).inherits;
    expect(inherits(flow('copy', email))).toMatchObject([{ lookup: 'public.copy', column: 'a', class: 'email' }]);
    expect(inherits(flow('derived', email))).toMatchObject([{ class: 'free_text', computed: true }]);
    expect(inherits(flow('copy', email, phone))).toMatchObject([{ computed: true }]);
    expect(inherits(flow({ kind: 'array', element: flow('copy', email) }, email))).toMatchObject([
      { class: 'email', computed: false },
    ]);
    expect(inherits(flow('copy', id))).toEqual([]);
  });

  it('refuses to write where triggers would carry copies on', () => {
    expect(refusal({ modifies: [9] })).toBe('masking.no-copy');
  });

  it('refuses a routine that reads what is masked and cannot be followed', () => {
    expect(refusal({ opaque: [{ routine: 'f', reads: [id] }] })).toBeUndefined();
    expect(refusal({ opaque: [{ routine: 'f', reads: [id, email] }] })).toBe('masking.no-opaque-routine');
    const dynamic = (routine: string) =>
      plan({ opaque: [{ routine, reads: [] }], unknown: ['SQL that a body puts together'] });
    expect(dynamic('public.own').refuse?.rule).toBe('masking.no-opaque-routine');
    expect(dynamic('public.f')).toMatchObject({ refuse: undefined, result: undefined });
  });
});

describe('messages of the server', () => {
  it('are told by kind only where masked values may be in them', () => {
    expect(plan({ columns: [column(flow('copy', id))], reads: [USERS] }).messages).toBe('scan');
    expect(plan({ columns: [column(flow('derived', email))] }).messages).toBe('generic');
    expect(plan({ uses: [use(email, 'lookup')] }).messages).toBe('generic');
    expect(plan({ modifies: [USERS] }).messages).toBe('generic');
    expect(plan({ modifies: [ORDERS] }).messages).toBe('scan');
  });
});
