/**
 * What is done to columns of PostgreSQL's own relations for who may not see sensitive data. `redact`: samples of other
 * people's data, their statements, credentials. `scan`: texts that someone wrote, in which a value or a key may stand;
 * tools read them all day, so only what can be told from a value alone is masked. All other columns pass: names,
 * numbers and types of objects.
 */

export type SystemColumnAction = 'pass' | 'scan' | 'redact';

type Columns = Readonly<Record<string, Exclude<SystemColumnAction, 'pass'>>>;

const STATISTICS: Columns = {
  most_common_vals: 'redact',
  most_common_elems: 'redact',
  histogram_bounds: 'redact',
  range_length_histogram: 'redact',
  range_bounds_histogram: 'redact',
  // By these equality and order can be told of values among which one's own are.
  n_distinct: 'redact',
  correlation: 'redact',
  most_common_freqs: 'redact',
  most_common_elem_freqs: 'redact',
  elem_count_histogram: 'redact',
};

/** By bare name of the relation: information_schema and extensions have no name in common with pg_catalog here. */
const RELATIONS: Readonly<Record<string, Columns>> = {
  // Samples of data
  pg_statistic: {
    stadistinct: 'redact',
    stanumbers1: 'redact',
    stanumbers2: 'redact',
    stanumbers3: 'redact',
    stanumbers4: 'redact',
    stanumbers5: 'redact',
    stavalues1: 'redact',
    stavalues2: 'redact',
    stavalues3: 'redact',
    stavalues4: 'redact',
    stavalues5: 'redact',
  },
  pg_stats: STATISTICS,
  pg_statistic_ext_data: { stxdndistinct: 'redact', stxddependencies: 'redact', stxdmcv: 'redact', stxdexpr: 'redact' },
  pg_stats_ext: {
    ...STATISTICS,
    most_common_val_nulls: 'redact',
    most_common_base_freqs: 'redact',
    dependencies: 'redact',
    exprs: 'scan',
  },
  pg_stats_ext_exprs: { ...STATISTICS, expr: 'scan' },
  pg_largeobject: { data: 'redact' },
  // What others run, or have run
  pg_stat_activity: { query: 'redact', application_name: 'scan', client_hostname: 'scan' },
  pg_stat_statements: { query: 'redact' },
  pg_stat_statements_info: {},
  pg_stat_progress_copy: {},
  // Of the session itself
  pg_prepared_statements: { statement: 'scan' },
  pg_cursors: { statement: 'scan' },
  pg_stat_monitor: {
    query: 'redact',
    message: 'redact',
    comments: 'redact',
    client_ip: 'redact',
    query_plan: 'redact',
  },
  pg_stat_plans: { query: 'redact', plan: 'redact' },
  pg_store_plans: { plan: 'redact' },
  pg_buffercache: {},
  pg_prepared_xacts: { gid: 'scan' },
  pg_stat_replication: { application_name: 'scan', client_hostname: 'scan' },
  pg_stat_subscription: {},
  pg_stat_archiver: {},
  // Credentials
  pg_authid: { rolpassword: 'redact' },
  pg_shadow: { passwd: 'redact', useconfig: 'scan' },
  pg_user: { passwd: 'redact', useconfig: 'scan' },
  pg_roles: { rolpassword: 'redact', rolconfig: 'scan' },
  pg_user_mapping: { umoptions: 'redact' },
  pg_user_mappings: { umoptions: 'redact' },
  user_mapping_options: { option_value: 'redact' },
  _pg_user_mappings: { umoptions: 'redact' },
  pg_subscription: { subconninfo: 'redact' },
  pg_stat_wal_receiver: { conninfo: 'redact' },
  pg_db_role_setting: { setconfig: 'scan' },
  pg_foreign_server: { srvoptions: 'scan' },
  foreign_server_options: { option_value: 'scan' },
  _pg_foreign_servers: { srvoptions: 'scan' },
  pg_foreign_data_wrapper: { fdwoptions: 'scan' },
  foreign_data_wrapper_options: { option_value: 'scan' },
  _pg_foreign_data_wrappers: { fdwoptions: 'scan' },
  pg_foreign_table: { ftoptions: 'scan' },
  foreign_table_options: { option_value: 'scan' },
  _pg_foreign_tables: { ftoptions: 'scan' },
  _pg_foreign_table_columns: { attfdwoptions: 'scan' },
  column_options: { option_value: 'scan' },
  pg_settings: { setting: 'scan', boot_val: 'scan', reset_val: 'scan', extra_desc: 'scan' },
  pg_file_settings: { setting: 'scan', error: 'scan' },
  pg_hba_file_rules: { options: 'redact', address: 'scan', user_name: 'scan', error: 'scan' },
  pg_ident_file_mappings: { sys_name: 'scan', pg_username: 'scan', error: 'scan' },
  // Texts of definitions
  pg_proc: { prosrc: 'scan', prosqlbody: 'redact', proargdefaults: 'redact', proconfig: 'scan', probin: 'scan' },
  routines: { routine_definition: 'scan', external_name: 'scan' },
  parameters: { parameter_default: 'scan' },
  pg_rewrite: { ev_qual: 'redact', ev_action: 'redact' },
  pg_rules: { definition: 'scan' },
  pg_views: { definition: 'scan' },
  pg_matviews: { definition: 'scan' },
  views: { view_definition: 'scan' },
  pg_trigger: { tgargs: 'redact', tgqual: 'redact' },
  triggers: { action_condition: 'scan', action_statement: 'scan' },
  pg_event_trigger: { evttags: 'scan' },
  pg_constraint: { conbin: 'redact' },
  check_constraints: { check_clause: 'scan' },
  pg_attrdef: { adbin: 'redact' },
  pg_attribute: { attmissingval: 'redact', attoptions: 'scan', attfdwoptions: 'scan' },
  columns: { column_default: 'scan', generation_expression: 'scan' },
  domains: { domain_default: 'scan' },
  attributes: { attribute_default: 'scan' },
  pg_type: { typdefault: 'scan', typdefaultbin: 'redact' },
  pg_policy: { polqual: 'redact', polwithcheck: 'redact' },
  pg_policies: { qual: 'scan', with_check: 'scan' },
  pg_index: { indexprs: 'redact', indpred: 'redact' },
  pg_indexes: { indexdef: 'scan' },
  pg_statistic_ext: { stxexprs: 'redact' },
  pg_partitioned_table: { partexprs: 'redact' },
  pg_class: { relpartbound: 'redact', reloptions: 'scan' },
  pg_publication_rel: { prqual: 'redact' },
  pg_publication_tables: { rowfilter: 'scan' },
  pg_description: { description: 'scan' },
  pg_shdescription: { description: 'scan' },
  pg_seclabel: { label: 'scan' },
  pg_shseclabel: { label: 'scan' },
  pg_seclabels: { label: 'scan' },
  pg_enum: { enumlabel: 'scan' },
  pg_extension: { extcondition: 'scan' },
  pg_tablespace: { spcoptions: 'scan' },
  pg_replication_origin: { roname: 'scan' },
  pg_replication_origin_status: { external_id: 'scan' },
  sql_features: {},
};

/** Types of parse trees: a constant stands in them byte by byte, so nothing of them can be found by a scan. */
export function systemColumnAction(schema: string, relation: string, column: string): SystemColumnAction {
  // A TOAST table holds pieces of values of its table.
  if (schema === 'pg_toast' || schema.startsWith('pg_toast_temp')) return column === 'chunk_data' ? 'redact' : 'pass';
  const columns = Object.hasOwn(RELATIONS, relation) ? RELATIONS[relation] : undefined;
  if (columns === undefined) return 'pass';
  return Object.hasOwn(columns, column) ? columns[column]! : 'pass';
}
