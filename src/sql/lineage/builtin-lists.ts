/** What is known of functions in pg_catalog by name. A name that is on no list, and not immutable, is unknown. */

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}

/** They read tables, run SQL that is given as text, or read files and large objects. */
export const READERS = words(`
query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml table_to_xmlschema table_to_xml_and_xmlschema
schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema
database_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema ts_stat lo_get loread lo_export lo_import lo_open
pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file pg_logical_slot_get_changes pg_logical_slot_peek_changes
pg_logical_slot_get_binary_changes pg_logical_slot_peek_binary_changes pg_stats_ext_mcvlist_items pg_mcv_list_items
pg_get_wal_records_info pg_get_backend_memory_contexts pg_hba_file_rules
pg_ident_file_mappings pg_show_all_file_settings pg_config brin_page_items get_raw_page
`);

/** Their value is one of the values given, unchanged. */
export const COPIES = words('min max any_value first_value last_value nth_value mode lag lead percentile_disc');

/** They count rows, or tell of a type, and hold no data. */
export const COUNTS = words('count');
export const WITHOUT_DATA = words(`
row_number rank dense_rank percent_rank cume_dist ntile pg_typeof pg_collation_for regr_count pg_column_compression
`);
export const NULL_TESTS = words('num_nulls num_nonnulls');

/** The text of an argument stays in theirs, as it is and in order. */
export const TEXTS = words(`
concat concat_ws format string_agg upper lower initcap casefold btrim ltrim rtrim trim quote_ident quote_literal quote_nullable
array_to_string lpad rpad repeat normalize text xmlcomment xmlagg xmlconcat jsonb_pretty xmltext textanycat anytextcat
`);

export const JSON_BUILDERS = words('json_build_object jsonb_build_object');
export const JSON_ARRAYS = words('json_build_array jsonb_build_array');
export const TO_JSON = words('to_json to_jsonb row_to_json array_to_json json_strip_nulls jsonb_strip_nulls');
export const JSON_AGGREGATES = words('json_agg jsonb_agg json_agg_strict jsonb_agg_strict');
export const JSON_ELEMENTS = words(`
json_array_elements jsonb_array_elements json_array_elements_text jsonb_array_elements_text
`);
export const JSON_PICKS = words('json_extract_path jsonb_extract_path json_extract_path_text jsonb_extract_path_text');
export const JSON_PATHS = words(`
jsonb_path_query jsonb_path_query_first jsonb_path_query_tz jsonb_path_query_first_tz jsonb_path_query_array
jsonb_path_query_array_tz
`);
export const JSON_RECORDS = words(`
json_to_record jsonb_to_record json_to_recordset jsonb_to_recordset json_populate_record jsonb_populate_record
json_populate_recordset jsonb_populate_recordset
`);

/** Arrays in, an array of the same elements out. */
export const SAME_ARRAYS = words(`
array_append array_prepend array_cat array_remove array_replace trim_array array_reverse array_shuffle array_sample
array_sort array_fill
`);

/** They act on something outside of the answer: what they are given is gone. */
export const SINKS = words(`
set_config pg_notify nextval setval lo_put lowrite lo_from_bytea lo_create lo_creat lo_unlink lo_truncate lo_lseek pg_sleep
pg_sleep_for pg_sleep_until pg_logical_emit_message pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock
pg_advisory_unlock_all pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock
pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_cancel_backend
pg_terminate_backend pg_reload_conf pg_rotate_logfile pg_file_write pg_create_restore_point pg_switch_wal setseed
pg_log_backend_memory_contexts pg_export_snapshot pg_stat_reset pg_stat_reset_shared
pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters
pg_stat_reset_slru pg_stat_force_next_flush pg_stat_clear_snapshot pg_backup_start pg_backup_stop pg_promote
pg_wal_replay_pause pg_wal_replay_resume pg_create_physical_replication_slot pg_create_logical_replication_slot
pg_drop_replication_slot pg_replication_slot_advance pg_copy_physical_replication_slot
pg_copy_logical_replication_slot pg_replication_origin_create pg_replication_origin_drop pg_import_system_collations
pg_extension_config_dump lo_close
`);

/** Neither immutable nor on PostgreSQL's list of what only computes, and still without data of a table. */
export const HARMLESS = words(`
pg_options_to_table currval lastval txid_current pg_current_xact_id txid_status pg_xact_status pg_xact_commit_timestamp pg_last_committed_xact
pg_lock_status pg_available_extensions pg_available_extension_versions pg_extension_update_paths pg_timezone_names
pg_timezone_abbrevs pg_timezone_abbrevs_zone pg_timezone_abbrevs_abbrevs pg_control_system pg_control_checkpoint
pg_control_recovery pg_control_init pg_cursor pg_prepared_xact pg_isolation_test_session_is_blocked
pg_get_replication_slots pg_get_publication_tables pg_ls_waldir pg_ls_logdir pg_ls_tmpdir pg_ls_archive_statusdir
pg_tablespace_databases pg_get_shmem_allocations pg_last_wal_replay_lsn pg_last_xact_replay_timestamp
pg_get_wal_replay_pause_state pg_get_wal_resource_managers pg_snapshot_xmin pg_snapshot_xmax pg_snapshot_xip
pg_visible_in_snapshot pg_nextoid pg_sequence_last_value pg_relation_is_publishable pg_event_trigger_ddl_commands
pg_event_trigger_dropped_objects pg_collation_actual_version pg_database_collation_actual_version pg_get_function_arg_default
binary_upgrade_set_next_pg_type_oid pg_get_multixact_members pg_notification_queue_usage pg_is_wal_replay_paused
pg_wal_replay_wait pg_input_is_valid pg_stat_have_stats pg_settings_get_flags pg_partition_ancestors row_security_active
oid regclass regtype regproc name int4 int8 int2 float4 float8 numeric bool varchar bpchar date timestamp timestamptz
time timetz interval json jsonb xml hashtext array_agg json_object_agg jsonb_object_agg json_object_agg_unique
jsonb_object_agg_unique json_object_agg_strict jsonb_object_agg_strict json_object_agg_unique_strict
jsonb_object_agg_unique_strict range_intersect_agg to_char pg_advisory_unlock_all pg_get_acl pg_ls_replslotdir
pg_ls_logicalsnapdir pg_ls_logicalmapdir pg_ls_summariesdir pg_get_loaded_modules pg_get_sequence_data
array_random random getdatabaseencoding getpgusername json_to_tsvector jsonb_to_tsvector money oidvectortypes ts_match_tq
pg_current_wal_flush_lsn ts_debug ts_parse ts_token_type ts_match_tt xml_is_well_formed currtid2 lo_tell lo_tell64
pg_stat_get_backend_client_port pg_stat_get_backend_activity_start pg_stat_get_subscription pg_replication_origin_oid
pg_stat_get_subscription_stats pg_stat_get_wal_receiver pg_show_replication_origin_status in_range
pg_replication_origin_progress pg_replication_origin_session_is_setup pg_replication_origin_session_progress
pg_xact_commit_timestamp_origin amvalidate
`);

/** Settings that are the server's own: preset, or read from its configuration; no session and no role has another value. */
export const SERVER_SETTINGS = words(`
block_size data_checksums data_directory_mode debug_assertions huge_pages_status in_hot_standby integer_datetimes
max_function_args max_identifier_length max_index_keys num_os_semaphores segment_size server_encoding server_version
server_version_num shared_memory_size shared_memory_size_in_huge_pages wal_block_size wal_segment_size
max_connections superuser_reserved_connections reserved_connections shared_buffers max_worker_processes max_wal_senders
max_replication_slots max_prepared_transactions max_locks_per_transaction max_pred_locks_per_transaction wal_level
autovacuum autovacuum_max_workers autovacuum_naptime autovacuum_freeze_max_age autovacuum_multixact_freeze_max_age
autovacuum_vacuum_threshold autovacuum_vacuum_scale_factor autovacuum_vacuum_insert_threshold
autovacuum_vacuum_insert_scale_factor autovacuum_analyze_threshold autovacuum_analyze_scale_factor
autovacuum_vacuum_cost_limit autovacuum_vacuum_cost_delay checkpoint_timeout checkpoint_completion_target max_wal_size min_wal_size
`);

/** What is printed of a definition or setting: the system column that it stands in. */
export const CATALOG_TEXTS: Readonly<Record<string, readonly [relation: string, column: string]>> = {
  pg_get_functiondef: ['pg_proc', 'prosrc'],
  pg_get_function_sqlbody: ['pg_proc', 'prosqlbody'],
  pg_get_function_arguments: ['pg_proc', 'proargdefaults'],
  pg_get_function_arg_default: ['pg_proc', 'proargdefaults'],
  pg_get_viewdef: ['pg_rewrite', 'ev_action'],
  pg_get_ruledef: ['pg_rewrite', 'ev_action'],
  pg_get_constraintdef: ['pg_constraint', 'conbin'],
  pg_get_expr: ['pg_attrdef', 'adbin'],
  pg_get_indexdef: ['pg_index', 'indexprs'],
  pg_get_triggerdef: ['pg_trigger', 'tgargs'],
  pg_get_statisticsobjdef: ['pg_statistic_ext', 'stxexprs'],
  pg_get_statisticsobjdef_expressions: ['pg_statistic_ext', 'stxexprs'],
  pg_get_partkeydef: ['pg_partitioned_table', 'partexprs'],
  pg_get_partition_constraintdef: ['pg_class', 'relpartbound'],
  obj_description: ['pg_description', 'description'],
  col_description: ['pg_description', 'description'],
  shobj_description: ['pg_shdescription', 'description'],
  current_setting: ['pg_settings', 'setting'],
  pg_show_all_settings: ['pg_settings', 'setting'],
  current_query: ['pg_stat_activity', 'query'],
  pg_stat_get_backend_activity: ['pg_stat_activity', 'query'],
  pg_stat_get_activity: ['pg_stat_activity', 'query'],
  pg_stat_get_backend_client_addr: ['pg_stat_activity', 'client_addr'],
  pg_cursor: ['pg_cursors', 'statement'],
  pg_prepared_statement: ['pg_prepared_statements', 'statement'],
};

/** They give a value for every value of their type. The list decides only what counts as `fallible`. */
export const TOTAL = words(`
pg_options_to_table
lower upper initcap length char_length character_length octet_length bit_length concat concat_ws md5 sha224 sha256 sha384 sha512
json_to_record jsonb_to_record json_to_recordset jsonb_to_recordset btrim ltrim rtrim lpad rpad repeat reverse ascii substr substring left right strpos position replace translate split_part starts_with
quote_ident quote_literal quote_nullable format to_char date_part extract age date_trunc date isfinite timezone justify_days
justify_hours justify_interval count min max avg sum every bool_and bool_or bit_and bit_or bit_xor stddev stddev_pop
stddev_samp variance var_pop var_samp any_value mode percentile_cont percentile_disc rank dense_rank row_number ntile
percent_rank cume_dist lag lead first_value last_value nth_value array_agg string_agg json_agg jsonb_agg json_agg_strict
jsonb_agg_strict json_object_agg jsonb_object_agg json_object_agg_strict jsonb_object_agg_strict xmlagg
json_build_object jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb row_to_json array_to_json
json_strip_nulls jsonb_strip_nulls json_typeof jsonb_typeof json_extract_path json_extract_path_text jsonb_extract_path
jsonb_extract_path_text jsonb_pretty jsonb_path_query_array json_array_elements json_array_elements_text
jsonb_array_elements jsonb_array_elements_text json_each json_each_text jsonb_each jsonb_each_text json_object_keys
jsonb_object_keys json_array_length jsonb_array_length jsonb_path_query jsonb_path_query_first jsonb_path_exists
array_append array_prepend array_cat array_remove array_replace array_length array_lower array_upper array_ndims
cardinality array_to_string array_position array_positions array_dims unnest string_to_array string_to_table
regexp_replace regexp_matches regexp_match regexp_split_to_array regexp_split_to_table regexp_like regexp_count
regexp_instr regexp_substr num_nulls num_nonnulls pg_typeof pg_column_size abs ceil ceiling floor round sign trunc
greatest least coalesce nullif text host family masklen network netmask hostmask broadcast abbrev isempty lower_inc
upper_inc lower_inf upper_inf encode convert_to uuid_extract_timestamp format_type pg_get_userbyid to_regclass to_regtype
to_regproc to_regrole to_regnamespace to_regprocedure to_tsvector plainto_tsquery phraseto_tsquery
websearch_to_tsquery ts_rank ts_rank_cd ts_headline obj_description col_description shobj_description to_hex
array_fill overlay unaccent hashtext generate_subscripts to_ascii crc32 casefold normalize pg_size_pretty quote_all
has_table_privilege has_schema_privilege has_column_privilege has_database_privilege has_function_privilege
has_sequence_privilege has_type_privilege pg_has_role pg_table_is_visible pg_type_is_visible pg_function_is_visible
current_schemas now row tsvector_to_array pg_encoding_to_char similarity word_similarity strict_word_similarity show_trgm
hstore svals skeys avals akeys hstore_to_json hstore_to_jsonb crypt digest hmac soundex dmetaphone
jsonb_set jsonb_set_lax jsonb_insert jsonb_delete jsonb_delete_path
`);

/** Columns of functions with several OUT parameters. */
export const OUTPUTS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    'json_each jsonb_each json_each_text jsonb_each_text': 'key value',
    aclexplode: 'grantor grantee privilege_type is_grantable',
    pg_options_to_table: 'option_name option_value',
    pg_get_keywords: 'word catcode barelabel catdesc baredesc',
    pg_partition_tree: 'relid parentrelid isleaf level',
    pg_sequence_parameters: 'start_value minimum_value maximum_value increment cycle_option cache_size data_type',
    pg_timezone_names: 'name abbrev utc_offset is_dst',
    pg_timezone_abbrevs: 'abbrev utc_offset is_dst',
    pg_identify_object: 'type schema name identity',
    pg_identify_object_as_address: 'type object_names object_args',
    pg_get_object_address: 'classid objid objsubid',
    pg_get_catalog_foreign_keys: 'fktable fkcols pktable pkcols is_array is_opt',
    _pg_expandarray: 'x n',
    'json_array_elements jsonb_array_elements json_array_elements_text jsonb_array_elements_text': 'value',
    pg_partition_ancestors: 'relid',
    pg_available_extensions: 'name default_version comment',
    pg_available_extension_versions: 'name version superuser trusted relocatable schema requires comment',
    pg_extension_update_paths: 'source target path',
    pg_control_system: 'pg_control_version catalog_version_no system_identifier pg_control_last_modified',
    pg_ls_waldir: 'name size modification',
    pg_ls_logdir: 'name size modification',
    pg_ls_tmpdir: 'name size modification',
    pg_last_committed_xact: 'xid timestamp roident',
    pg_walfile_name_offset: 'file_name file_offset',
    parse_ident: 'parse_ident',
    ts_parse: 'tokid token',
    ts_token_type: 'tokid alias description',
    ts_debug: 'alias description token dictionaries dictionary lexemes',
    pg_cursor: 'name statement is_holdable is_binary is_scrollable creation_time',
    pg_prepared_statement:
      'name statement prepare_time parameter_types result_types from_sql generic_plans custom_plans',
    pg_lock_status:
      'locktype database relation page tuple virtualxid transactionid classid objid objsubid virtualtransaction pid mode granted fastpath waitstart',
    pg_show_all_settings:
      'name setting unit category short_desc extra_desc context vartype source min_val max_val enumvals boot_val reset_val sourcefile sourceline pending_restart',
    pg_input_error_info: 'message detail hint sql_error_code',
  }).flatMap(([names, columns]) => names.split(' ').map((name) => [name, columns.split(' ')])),
);
