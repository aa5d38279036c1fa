/** Relations that Postgres locks and the analysis does not name, by class, each with why that is no harm. */
import type { StatementFacts } from '../../../src/sql/facts.ts';
import type { StatementLineage } from '../../../src/sql/lineage/lineage.ts';
import { nameParts } from '../../../src/sql/names.ts';
import type { Relation, Structure } from './structure.ts';

export interface Missed {
  readonly oid: number;
  readonly relation: Relation | undefined;
  /** Type of the parse tree's node. */
  readonly type: string;
  readonly sql: string;
  readonly facts: StatementFacts;
  readonly lineage: StatementLineage | undefined;
  readonly before: Structure;
  readonly after: Structure;
  /** It and the table that it is a part of. */
  readonly whole: ReadonlySet<number>;
  readonly named: ReadonlySet<number>;
  readonly traced: ReadonlySet<number>;
  /** Something names it; only the lineage does not. */
  readonly inFacts: boolean;
}

export interface Exception {
  readonly name: string;
  readonly why: string;
  holds(missed: Missed): boolean;
}

type Edges = Parameters<Structure['closure']>[1];

/** What is named or traced leads there by such edges; what is named itself has to be in the lineage itself. */
function leadsTo({ before, after, whole, named, traced, inFacts }: Missed, along: Edges, back: Edges = []): boolean {
  return [before, after].some((structure) => {
    const reached = structure.closure(inFacts ? traced : [...named, ...traced], along, back);
    return [...whole].some((oid) => reached.has(oid));
  });
}

function isSystem({ before, after, whole }: Missed): boolean {
  return [...whole].some((oid) => {
    const schema = (before.get(oid) ?? after.get(oid))?.schema;
    return schema === 'pg_catalog' || schema === 'information_schema';
  });
}

const IS_QUERY = /^(?:Select|Insert|Update|Delete|Merge|Copy|Explain|Execute|Call|Do)Stmt$/;

/** They are given a relation by OID or as text, and say something of it; none of them gives its rows. */
const GIVEN_A_RELATION =
  /^(?:pg_catalog\.)?(?:pg_get_\w+|pg_\w*size|pg_partition_\w+|pg_describe_object|pg_identify_object\w*|obj_description|col_description|satisfies_hash_partition|pg_\w+_is_visible|has_\w+_privilege|brin_\w+|gin_\w+|pg_index\w*|currval|nextval|setval|lastval|row_security_active|pg_relation_\w+|pg_sequence_\w+|pg_stat_\w+)$/;

export const EXCEPTIONS: readonly Exception[] = [
  {
    name: 'made and gone within the statement',
    why: 'the new heap of a rewritten table: nobody can name it',
    holds: ({ relation }) => relation === undefined,
  },
  {
    name: 'behind a view of PostgreSQL’s own',
    why: 'a system view is taken for what it is: no table of a user stands behind it',
    holds: (missed) =>
      isSystem(missed) &&
      [...missed.named, ...missed.traced].some((oid) => {
        const named = missed.before.get(oid);
        return named?.kind === 'v' && /^(?:pg_catalog|information_schema)$/.test(named.schema);
      }),
  },
  {
    name: 'system catalogs that a command keeps',
    why: 'what a command that is no query does to pg_catalog is that command’s meaning',
    holds: (missed) => isSystem(missed) && !IS_QUERY.test(missed.type),
  },
  {
    name: 'system catalogs that a function of the server reads',
    why: 'pg_get_viewdef, obj_description, format_type … are built in and known for what they tell',
    holds: (missed) => isSystem(missed) && (missed.facts.functions.length > 0 || missed.facts.types.length > 0),
  },
  {
    name: 'EXECUTE and FETCH',
    why: 'the statement was judged when it was prepared or declared; the lineage says whose columns they are',
    holds: ({ facts, sql, lineage }) =>
      /^(?:EXECUTE|FETCH|MOVE)$/.test(facts.command) ||
      lineage?.resultOf !== undefined ||
      (facts.command === 'EXPLAIN' && /\bexecute\b/i.test(sql)) ||
      facts.prepared?.some(({ action }) => action === 'execute') === true,
  },
  {
    name: 'goes along by CASCADE',
    why: 'the facts say CASCADE; whether all that depends on it is one’s own is looked up by the gateway',
    holds: ({ facts }) => facts.command.startsWith('DROP ') && facts.targets.some(({ cascade }) => cascade === true),
  },
  {
    name: 'what a role owns',
    why: 'DROP OWNED and REASSIGN OWNED are of class grant, whatever they touch',
    holds: ({ facts }) => /^(?:DROP|REASSIGN) OWNED$/.test(facts.command),
  },
  {
    name: 'the tables of an object that is named',
    why: 'statistics, publications, domains and types lock the tables that have them; the object is a target',
    holds: ({ facts }) =>
      /^(?:ALTER|DROP|COMMENT|CREATE) (?:STATISTICS|PUBLICATION|DOMAIN|TYPE|COLLATION|ON)$|^COMMENT$/.test(
        facts.command,
      ) &&
      (facts.targets.some(({ kind }) => kind === 'other' || kind === 'type') ||
        facts.findings.some(({ kind }) => kind === 'server_object')),
  },
  {
    name: 'a type within a type that is named',
    why: 'a column’s type is looked through to what its columns are of; a type holds no rows',
    holds: ({ oid, relation, facts, before }) =>
      relation?.kind === 'c' &&
      facts.types.some((type) => before.closure([...before.called(nameParts(type).at(-1) ?? '')], ['holds']).has(oid)),
  },
  {
    name: 'the whole database or schema',
    why: 'ANALYZE, VACUUM, REINDEX SCHEMA, GRANT ON ALL TABLES name no table',
    holds: ({ facts }) =>
      /^(?:ANALYZE|VACUUM|CLUSTER|REINDEX|GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|CREATE PUBLICATION|ALTER PUBLICATION)$/.test(
        facts.command,
      ) && facts.relations.length === 0,
  },
  {
    name: 'a partition’s relatives',
    why: 'the parent whose bounds are checked, and its default partition: no row of theirs is read but to check that',
    holds: (missed) => leadsTo(missed, ['heir', 'part'], ['heir']),
  },
  {
    name: 'the other end of a foreign key',
    why: 'looked up by key, or cascaded to as the key says, by PostgreSQL itself; no value of it gets anywhere',
    holds: (missed) => leadsTo(missed, ['key', 'heir', 'part'], ['key', 'heir']),
  },
  {
    name: 'what a row security policy reads',
    why: 'it is the owner’s filter, the same for every reader, and puts nothing into the answer',
    holds: (missed) => leadsTo(missed, ['policy', 'view', 'rule', 'part', 'key'], ['heir']),
  },
  {
    name: 'sequences by default or by text',
    why: 'a column’s default, or nextval with a name as text: a sequence holds no rows of anybody',
    holds: ({ relation }) => relation?.kind === 'S',
  },
  {
    name: 'a relation given as a value',
    why: 'the function tells of it what the catalogs hold, never its rows',
    holds: ({ facts, inFacts }) => !inFacts && facts.functions.some((name) => GIVEN_A_RELATION.test(name)),
  },
  {
    name: 'printed by a view of PostgreSQL’s own',
    why: 'pg_views, pg_rules, pg_policies, information_schema lock what they print the definition of, and read no row of it',
    holds: ({ before, named, traced, inFacts }) =>
      !inFacts &&
      [...named, ...traced].some((oid) => {
        const relation = before.get(oid);
        return relation?.kind === 'v' && /^(?:pg_catalog|information_schema)$/.test(relation.schema);
      }),
  },
  {
    name: 'called by an index, check or default of a table written',
    why: 'a gap: the lineage knows triggers, not these; the table’s owner made them, and their results stay in the table',
    holds: ({ type, before, named, inFacts }) =>
      !inFacts &&
      /^(?:Insert|Update|Delete|Merge|Copy)Stmt$/.test(type) &&
      [...named].some((oid) => before.has(oid, 'calls')),
  },
  {
    name: 'made by a routine',
    why: 'it was not there before: nothing of anybody is in it but what the routine put there',
    holds: ({ before, whole, facts }) =>
      facts.functions.length > 0 && [...whole].every((oid) => before.get(oid) === undefined),
  },
  {
    name: 'a view inside a routine',
    why: 'lineage lists the tables behind views, not the views: all of them are in it',
    holds: ({ before, oid, relation, facts, traced }) =>
      relation?.kind === 'v' &&
      facts.functions.length > 0 &&
      [...before.closure([oid], ['view'])].every((one) => before.get(one)?.kind === 'v' || traced.has(one)),
  },
  {
    name: 'inside a routine that the lineage names',
    why: 'its body is not SQL; what it reads is listed with it, what it writes was judged when it was made',
    holds: ({ lineage, inFacts }) => !inFacts && (lineage?.opaque.length ?? 0) > 0,
  },
];
