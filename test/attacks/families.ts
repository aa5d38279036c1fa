/** All attacks, by family: one line each. */
import type { Attack } from './attack.ts';
import { blanks } from './families/blanks.ts';
import { carriers } from './families/carriers.ts';
import { columns } from './families/columns.ts';
import { dictionaries } from './families/dictionaries.ts';
import { documents } from './families/documents.ts';
import { errors } from './families/errors.ts';
import { expressions } from './families/expressions.ts';
import { inferences } from './families/inferences.ts';
import { joined } from './families/joined.ts';
import { oracles } from './families/oracles.ts';
import { orders } from './families/orders.ts';
import { positions } from './families/positions.ts';
import { protocols } from './families/protocols.ts';
import { queries } from './families/queries.ts';
import { recent } from './families/recent.ts';
import { routines } from './families/routines.ts';
import { send } from './families/send.ts';
import { shapes } from './families/shapes.ts';
import { smuggling } from './families/smuggling.ts';
import { stores } from './families/stores.ts';
import { structures } from './families/structures.ts';

export const FAMILIES: Readonly<Record<string, readonly Attack[]>> = {
  send,
  columns,
  expressions,
  documents,
  queries,
  routines,
  stores,
  errors,
  smuggling,
  protocols,
  inferences,
  shapes,
  oracles,
  recent,
  structures,
  blanks,
  orders,
  carriers,
  positions,
  joined,
  dictionaries,
};
