/** Built-in and extension functions that do more than read. Names are bare: a schema in front changes nothing. */

/** Reach into other sessions, files, other databases, replication, or run SQL that is a value. */
const DANGEROUS = new Set([
  'pg_terminate_backend',
  'pg_cancel_backend',
  'pg_reload_conf',
  'pg_rotate_logfile',
  'pg_rotate_logfile_old',
  'pg_logfile_rotate',
  'pg_read_file',
  'pg_read_file_off_len',
  'pg_read_file_all',
  'pg_read_binary_file',
  'pg_stat_file',
  'pg_promote',
  'pg_switch_wal',
  'pg_switch_xlog',
  'pg_create_restore_point',
  'pg_backup_start',
  'pg_backup_stop',
  'pg_start_backup',
  'pg_stop_backup',
  'pg_wal_replay_pause',
  'pg_wal_replay_resume',
  'pg_create_physical_replication_slot',
  'pg_create_logical_replication_slot',
  'pg_copy_physical_replication_slot',
  'pg_copy_logical_replication_slot',
  'pg_drop_replication_slot',
  'pg_sync_replication_slots',
  'pg_replication_slot_advance',
  'pg_logical_emit_message',
  'pg_log_backend_memory_contexts',
  'pg_log_standby_snapshot',
  'pg_import_system_collations',
  'pg_extension_config_dump',
  'pg_stat_reset',
  'pg_stat_reset_shared',
  'pg_stat_reset_slru',
  'pg_stat_reset_single_table_counters',
  'pg_stat_reset_single_function_counters',
  'pg_stat_reset_replication_slot',
  'pg_stat_reset_subscription_stats',
  'pg_stat_reset_backend_stats',
  'pg_stat_statements_reset',
  'pg_set_relation_stats',
  'pg_set_attribute_stats',
  'pg_clear_relation_stats',
  'pg_clear_attribute_stats',
  'pg_restore_relation_stats',
  'pg_restore_attribute_stats',
  'pg_truncate_visibility_map',
  'pg_prewarm_reset',
  'pg_buffercache_evict',
  'pg_buffercache_evict_relation',
  'pg_buffercache_evict_all',
  'heap_force_kill',
  'heap_force_freeze',
  'binary_upgrade_create_empty_extension',
  'query_to_xml',
  'query_to_xmlschema',
  'query_to_xml_and_xmlschema',
  'cursor_to_xml',
  'cursor_to_xmlschema',
  'ts_stat',
  'ts_rewrite',
  'crosstab',
  'crosstab2',
  'crosstab3',
  'crosstab4',
  'crosstabn',
  'crosstab_hash',
  'connectby',
  'xpath_table',
  'pg_background_launch',
  'load_extension',
  'plpgsql_check_function',
  'postgres_fdw_disconnect',
  'postgres_fdw_disconnect_all',
  'get_raw_page',
  'pg_execute_server_program',
  'pg_hba_file_rules',
  'pg_ident_file_mappings',
  'pg_show_all_file_settings',
  'pg_nextoid',
  'pg_stop_making_pinned_objects',
  'pg_logdir_ls',
  'autoprewarm_start_worker',
  'autoprewarm_dump_now',
]);
const DANGEROUS_PREFIXES = [
  'dblink',
  'pg_file_',
  'pg_ls_',
  'pg_replication_origin_',
  'pg_logical_slot_',
  'binary_upgrade_',
];
const DANGEROUS_EXACT_SCHEMAS = new Set(['cron', 'aws_s3', 'aws_lambda', 'azure_storage', 'pgagent', 'net', 'http']);
const SERVER_FILES = new Set(['lo_import', 'lo_export', 'be_lo_import', 'be_lo_export']);

export function isDangerousFunction(parts: readonly string[]): boolean {
  const name = parts.at(-1) ?? '';
  const schema = parts.length > 1 ? (parts.at(-2) ?? '') : '';
  return (
    DANGEROUS.has(name) ||
    SERVER_FILES.has(name) ||
    DANGEROUS_EXACT_SCHEMAS.has(schema) ||
    DANGEROUS_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}

/** Change data or a sequence; an ordinary write. */
const WRITING = new Set([
  'nextval',
  'setval',
  'lo_creat',
  'lo_create',
  'lo_open',
  'lo_put',
  'lo_from_bytea',
  'lo_truncate',
  'lo_truncate64',
  'lo_unlink',
  'lowrite',
  'brin_summarize_new_values',
  'brin_summarize_range',
  'brin_desummarize_range',
  'gin_clean_pending_list',
]);

const REMOVES_LARGE_OBJECTS = new Set(['lo_unlink', 'lo_truncate', 'lo_truncate64', 'lo_put', 'lowrite']);

export function removesLargeObjects(name: string): boolean {
  return REMOVES_LARGE_OBJECTS.has(name);
}

export function isWritingFunction(name: string): boolean {
  return WRITING.has(name);
}
