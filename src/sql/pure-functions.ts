/**
 * Built-in functions that compute and read, and do nothing else: safe to run before a statement's record is on disk.
 * Volatile ones are here only where the value is all there is to them (`random`). Anything missing costs latency only.
 */
const WORDS = `
count sum avg min max every bool_and bool_or bit_and bit_or bit_xor array_agg string_agg json_agg jsonb_agg
json_object_agg jsonb_object_agg xmlagg range_agg any_value stddev stddev_pop stddev_samp variance var_pop var_samp
corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
mode percentile_cont percentile_disc rank dense_rank percent_rank cume_dist row_number ntile lag lead first_value
last_value nth_value

abs cbrt ceil ceiling degrees div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi power
radians round scale sign sqrt trim_scale trunc width_bucket random random_normal acos acosd asin asind atan atand atan2
atan2d cos cosd cot cotd sin sind tan tand sinh cosh tanh asinh acosh atanh

ascii bit_count bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from
convert_to crc32 crc32c decode encode format get_bit get_byte initcap left length lower lpad ltrim md5 normalize
is_normalized octet_length overlay parse_ident position quote_ident quote_literal quote_nullable regexp_count
regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
regexp_substr repeat replace reverse right rpad rtrim set_bit set_byte sha224 sha256 sha384 sha512 similar_to_escape
split_part starts_with string_to_array string_to_table strpos substr substring to_ascii to_bin to_hex to_oct translate
unicode_assigned unistr upper like_escape

age clock_timestamp date date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days
justify_hours justify_interval localtime localtimestamp make_date make_interval make_time make_timestamp
make_timestamptz now overlaps statement_timestamp timeofday timezone to_char to_date to_number to_timestamp
transaction_timestamp

array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_string
array_upper cardinality trim_array unnest generate_series generate_subscripts

array_to_json json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
json_each json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_populate_record
json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_elements
jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists
jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset
jsonb_typeof row_to_json to_json to_jsonb

isempty lower_inc lower_inf upper_inc upper_inf range_merge multirange int4range int8range numrange tsrange tstzrange
daterange num_nulls num_nonnulls coalesce nullif greatest least gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp
uuid_extract_version enum_first enum_last enum_range broadcast family host hostmask inet_merge inet_same_family masklen
netmask network set_masklen text abbrev macaddr8_set7bit

array_to_tsvector get_current_ts_config numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery
to_tsvector ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsquery_phrase tsvector_to_array
websearch_to_tsquery

area center diagonal diameter height isclosed isopen npoints path pclose popen radius slope width box circle line lseg
point polygon bound_box

current_catalog current_database current_query current_role current_schema current_schemas current_setting current_user
inet_client_addr inet_client_port inet_server_addr inet_server_port pg_backend_pid pg_blocking_pids
pg_conf_load_time pg_current_logfile pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_listening_channels
pg_my_temp_schema pg_is_other_temp_schema pg_postmaster_start_time pg_safe_snapshot_blocking_pids pg_trigger_depth
session_user system_user user version pg_current_wal_lsn pg_current_wal_insert_lsn pg_last_wal_receive_lsn
pg_last_wal_replay_lsn pg_wal_lsn_diff pg_walfile_name has_any_column_privilege has_column_privilege
has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege
has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
has_tablespace_privilege has_type_privilege pg_has_role row_security_active acldefault aclexplode makeaclitem
pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible pg_operator_is_visible
pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible format_type pg_get_catalog_foreign_keys
pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_function_arguments pg_get_function_identity_arguments
pg_get_function_result pg_get_function_sqlbody pg_get_function_arg_default pg_get_indexdef pg_get_keywords
pg_get_partkeydef pg_get_partition_constraintdef pg_get_partition_ancestors pg_partition_tree pg_partition_root
pg_partition_ancestors pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef
pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef
pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_options_to_table
pg_settings_get_flags pg_tablespace_databases pg_tablespace_location pg_typeof pg_basetype pg_relation_is_updatable
pg_column_is_updatable pg_get_replica_identity_index pg_is_in_backup to_regclass to_regcollation to_regnamespace to_regoper to_regoperator
to_regproc to_regprocedure to_regrole to_regtype to_regtypemod col_description obj_description shobj_description
pg_describe_object pg_identify_object pg_identify_object_as_address pg_get_object_address pg_encoding_to_char
pg_char_to_encoding pg_client_encoding pg_column_size pg_column_compression pg_database_size pg_indexes_size
pg_relation_size pg_size_bytes pg_size_pretty pg_table_size pg_tablespace_size pg_total_relation_size
pg_relation_filenode pg_relation_filepath pg_filenode_relation pg_sequence_parameters pg_sequence_last_value
pg_stat_get_numscans pg_stat_get_live_tuples pg_stat_get_dead_tuples pg_show_all_settings txid_current_if_assigned
pg_current_xact_id_if_assigned pg_current_snapshot txid_current_snapshot mxid_age _pg_expandarray
`;

const PURE: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter((word) => word !== ''));

export function isPureFunction(name: string): boolean {
  return PURE.has(name);
}

/** The built-in operators are all computed by functions without effects; these are their names. */
const OPERATORS: ReadonlySet<string> = new Set(
  (
    '= <> != < > <= >= + - * / % ^ & | # ~ << >> || !! @ |/ ||/ ~~ !~~ ~~* !~~* ~ !~ ~* !~* -> ->> #> #>> @> <@ ? ?| ?& ' +
    '#- @? @@ && -|- &< &> <<| |>> &<| |&> <-> ## ?# ?- ?-| ?|| @-@ ^@ ~= <<= >>= <^ >^ *= *<> *< *> *<= *>= @@@ ~<~ ~<=~ ~>~ ~>=~ ' +
    '=> -* ~'
  ).split(' '),
);

export function isBuiltinOperator(name: string): boolean {
  return OPERATORS.has(name);
}
