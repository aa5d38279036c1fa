/** PostgreSQL's own types that a result may have: their OIDs are the same in every version from 14 on. */
import type { TypeShape } from './plan.ts';

/** OID, name, OID of its array; types that are not here are unknown, and so is what they hold. */
const SCALARS = `16 bool 1000;17 bytea 1001;18 char 1002;19 name 1003;20 int8 1016;21 int2 1005;23 int4 1007;
24 regproc 1008;25 text 1009;26 oid 1028;27 tid 1010;28 xid 1011;29 cid 1012;114 json 199;142 xml 143;600 point 1017;
601 lseg 1018;602 path 1019;603 box 1020;604 polygon 1027;628 line 629;650 cidr 651;700 float4 1021;701 float8 1022;
705 unknown 0;718 circle 719;774 macaddr8 775;790 money 791;829 macaddr 1040;869 inet 1041;1033 aclitem 1034;
1042 bpchar 1014;1043 varchar 1015;1082 date 1182;1083 time 1183;1114 timestamp 1115;1184 timestamptz 1185;
1186 interval 1187;1266 timetz 1270;1560 bit 1561;1562 varbit 1563;1700 numeric 1231;1790 refcursor 2201;
2202 regprocedure 2207;2203 regoper 2208;2204 regoperator 2209;2205 regclass 2210;2206 regtype 2211;
2275 cstring 1263;2278 void 0;2950 uuid 2951;2970 txid_snapshot 2949;3220 pg_lsn 3221;3614 tsvector 3643;
3615 tsquery 3645;3734 regconfig 3735;3769 regdictionary 3770;3802 jsonb 3807;4072 jsonpath 4073;
4089 regnamespace 4090;4096 regrole 4097;4191 regcollation 4192;5069 xid8 271;5038 pg_snapshot 5039;
22 int2vector 1006;30 oidvector 1013`;

/** OID, name, OID of its array, subtype; multirange with its array. */
const RANGES = `3904 int4range 3905 23 4451 6150;3906 numrange 3907 1700 4532 6151;3908 tsrange 3909 1114 4533 6152;
3910 tstzrange 3911 1184 4534 6153;3912 daterange 3913 1082 4535 6155;3926 int8range 3927 20 4536 6157`;

/** Anonymous rows: a binary value tells the types of its fields, a text does not. */
const RECORD: TypeShape = { oid: 2249, base: 'record', kind: 'composite' };

function* rows(table: string): Generator<string[]> {
  for (const line of table.split(';')) yield line.trim().split(' ');
}

function shapes(): Map<number, TypeShape> {
  const byOid = new Map<number, TypeShape>();
  const add = (shape: TypeShape, array: number): TypeShape => {
    byOid.set(shape.oid, shape);
    if (array !== 0) byOid.set(array, { oid: array, base: 'array', kind: 'array', element: shape });
    return shape;
  };
  for (const [oid, base, array] of rows(SCALARS)) {
    add({ oid: Number(oid), base: base!, kind: 'scalar' }, Number(array));
  }
  for (const [oid, base, array, subtype, multirange, multirangeArray] of rows(RANGES)) {
    const range = add(
      { oid: Number(oid), base: base!, kind: 'range', element: byOid.get(Number(subtype))! },
      Number(array),
    );
    add({ oid: Number(multirange), base: 'multirange', kind: 'multirange', element: range }, Number(multirangeArray));
  }
  add(RECORD, 2287);
  return byOid;
}

export const BUILTIN_TYPES: ReadonlyMap<number, TypeShape> = shapes();
