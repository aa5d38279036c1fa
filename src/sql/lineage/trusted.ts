/** Routines in C of well-known extensions that see nothing but their arguments. */
import type { CatalogRoutine } from '../../catalog/catalog.ts';

const EXTENSIONS = new Set(
  (
    'btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore intarray isn ltree pg_trgm pgcrypto seg unaccent ' +
    'uuid-ossp postgis postgis_topology vector bloom tsm_system_rows tsm_system_time dict_int dict_xsyn hll rum pg_uuidv7 ' +
    'pgjwt ip4r semver temporal_tables tablefunc xml2'
  ).split(' '),
);

/** Of those extensions, or of none, but running SQL that is given as text or reading tables named by it. */
const READERS =
  /^(?:crosstab\w*|connectby|xpath_table|dblink\w*|stat|rewrite|query_to_\w+|table_to_\w+|ts_stat|st_estimatedextent|findextent|find_extent|st_findextent|postgis_extensions_upgrade|populate_geometry_columns|updategeometrysrid|find_srid|st_fromtable|load_extension|toporeplace)/i;

/** Only its arguments are in what it gives. */
export function isTrustedRoutine(routine: CatalogRoutine): boolean {
  // An aggregate's language is `internal` and it is immutable, whatever its support functions are and do.
  if (routine.kind === 'a') return routine.extension !== undefined && EXTENSIONS.has(routine.extension);
  if (routine.language !== 'c' && routine.language !== 'internal') return false;
  if (READERS.test(routine.name)) return false;
  if (routine.volatility === 'i') return true;
  return routine.extension !== undefined && EXTENSIONS.has(routine.extension);
}
