import { describe, expect, it } from 'vitest';
import type { ColumnClass } from '../../src/classify/classes.ts';
import { classifyTable } from '../../src/classify/classify-column.ts';

/** The class of the first column of a table of such columns. */
function first(table: string, columns: readonly string[], type = 'character varying'): ColumnClass | undefined {
  const subjects = columns.map((column) => ({
    schema: 'public',
    table,
    column,
    type,
    siblings: columns.filter((other) => other !== column),
  }));
  return classifyTable(subjects)[0]?.class;
}

const CASES: readonly (readonly [string, ColumnClass | undefined, readonly string[], string?])[] = [
  // What a thing is for, before what carries it
  ['gadgets', 'secret', ['enrollment_guid', 'made_at']],
  ['gadgets', 'secret', ['recover_digest', 'made_at']],
  ['gadgets', 'secret', ['passwordless_uri', 'made_at']],
  ['gadgets', 'secret', ['klarna_key', 'made_at']],
  ['gadgets', 'secret', ['provisioning_key_encrypted', 'made_at']],
  ['gadgets', 'secret', ['calendar_qtoken', 'made_at']],
  ['gadgets', undefined, ['klarna_publishable_key', 'made_at']],
  ['gadgets', undefined, ['public_mapbox_key', 'made_at']],
  ['gadgets', undefined, ['verify_key', 'made_at']],
  ['gadgets', undefined, ['sort_key', 'made_at']],
  ['gadgets', undefined, ['content_hash', 'made_at']],
  ['gadgets', undefined, ['region_guid', 'made_at']],
  ['gadgets', undefined, ['has_invite_key', 'made_at']],
  ['visits_made', 'free_text', ['refusal_explanation', 'made_at']],
  ['visits_made', undefined, ['error_message', 'made_at']],
  // Bytes that are called a key, and what is sent to be shown
  ['gadgets', 'secret', ['ntw_root_key', 'made_at'], 'bytea'],
  ['gadgets', undefined, ['lookup_row_key', 'made_at'], 'bytea'],
  ['gadgets', undefined, ['key_public', 'made_at']],
  ['gadgets', 'secret', ['unlock_id', 'made_at']],
  ['emails', 'secret', ['nonce', 'verified_at', 'address']],
  // In words, where no key is known; a log-in beside its password
  ['gadgets', 'person_name', ['graded_by_str', 'made_at']],
  ['gadgets', 'person_name', ['trial_lawyer_str', 'made_at']],
  ['gadgets', 'username', ['relay_user', 'relay_pwd', 'made_at']],
  ['gadgets', undefined, ['relay_user', 'made_at']],
  ['members', 'person_name', ['printed_name', 'email']],
  ['gadgets', undefined, ['printed_name', 'made_at']],
  // In small letters beside what it is, and who did it beside their key
  ['card_search', 'person_name', ['lgiven', 'given', 'family', 'lfamily', 'lcity', 'city']],
  ['card_search', undefined, ['llevel', 'level', 'family', 'lfamily']],
  ['package_log', 'username', ['member_removed', 'id_member_removed', 'filename']],
  ['package_log', undefined, ['member_removed', 'filename']],
  ['topics', 'username', ['who_deleted', 'title']],
  // Of talk, of measures, of entry
  ['mix_members', 'username', ['jid', 'channel']],
  ['sync_runs', undefined, ['jid', 'status', 'last_error']],
  ['topics', 'free_text', ['body', 'title', 'user_id', 'replies_count']],
  ['requests', undefined, ['message', 'head_commit', 'repository_id']],
  ['journal_records', undefined, ['msg', 'level', 'src']],
  ['heightpercentiles', undefined, ['sex', 'p50_height']],
  ['flow', 'secret', ['consent_csrf', 'made_at']],
  ['product_alerts', 'secret', ['key', 'email', 'product_id']],
  ['product_alerts', undefined, ['key', 'email', 'value']],
  ['share_links', 'secret', ['uuid', 'recipe_id'], 'uuid'],
  ['share_links', undefined, ['uuid', 'hash'], 'uuid'],
  ['containers', undefined, ['worker_name', 'state']],
  ['denied_users', 'free_text', ['sign_up_reason', 'email']],
  ['push_tokens', 'secret', ['refresh', 'access']],
  ['vapid_pairs', 'secret', ['private', 'public']],
  ['vocabularies', undefined, ['comment', 'label', 'prefix']],
  ['open_questions', 'free_text', ['question', 'username', 'email']],
  ['spiders', undefined, ['user_agent', 'spider_name']],
  ['refunds', undefined, ['address', 'blockchain_key', 'txid']],
  // Glued
  ['members', 'email', ['mailto', 'made_at']],
  ['members', 'free_text', ['awayreason', 'made_at']],
  ['awaitingverification', 'secret', ['code', 'user_id']],
  // Nobody's
  ['cases_heard', undefined, ['title_name_full', 'made_at']],
  ['cases_heard', undefined, ['precision_dob', 'made_at']],
  ['lift_weights', undefined, ['weight', 'made_at'], 'numeric'],
  ['state_transitions', undefined, ['from', 'to', 'event']],
  ['test_results', undefined, ['name', 'made_at']],
  // Said, and where it was said
  ['gadgets', 'free_text', ['reason_text', 'made_at']],
  ['transfers', 'free_text', ['reason', 'made_at']],
  ['comments', 'person_name', ['name', 'address', 'text']],
  ['societies', 'postal_address', ['city', 'address', 'name']],
  ['places_found', 'postal_address', ['route', 'locality']],
  // Somebody by what they do, and whose address it is
  ['gadgets', 'person_name', ['second_approver', 'made_at']],
  ['gadgets', undefined, ['compare_operator', 'made_at']],
  ['gadgets', 'email', ['email_treasurer', 'made_at']],
  ['clubs', undefined, ['contact_company', 'founded']],
  // Why somebody was away; what a row about somebody's health is of
  ['absences', 'free_text', ['motive', 'employee', 'days']],
  ['absence_types', undefined, ['motive', 'employee', 'days']],
  ['pupil_vaccinations', 'health', ['kind', 'pupil_id', 'given_on']],
  ['payslips', 'financial', ['amount', 'employee', 'month'], 'numeric'],
  // What a table is, by what else stands in it
  ['user_presence', 'free_text', ['description', 'display_name', 'avatar_url', 'platform']],
  ['classes_held', undefined, ['weight', 'gender_restriction', 'starts']],
  ['image_managers', undefined, ['name', 'made_at']],
  ['my_sessions', 'secret', ['id', 'data', 'ip']],
  ['files', 'free_text', ['content', 'message_id', 'subject'], 'text'],
  // Room for a role, and for what somebody tells
  ['users', undefined, ['profile', 'email'], 'varchar(40)'],
  ['users', 'free_text', ['profile', 'email'], 'text'],
  ['buyers', undefined, ['phone_cc', 'email']],
  ['buyers', 'secret', ['held', 'made_at'], 'public.encrypted_text'],
  // Who somebody is elsewhere
  ['users', 'username', ['steam_account_id', 'email']],
  ['linked_identities', 'username', ['provider_id', 'provider_name', 'user_id']],
  ['identities', 'username', ['external_id', 'user_id']],
  ['identity_providers', undefined, ['external_id', 'created']],
  ['products', undefined, ['steam_account_id', 'price']],
  ['users', undefined, ['slack_channel_id', 'email']],
  // Whose name it is
  ['contracts', 'person_name', ['guarantor_name', 'signed_at']],
  ['contracts', 'person_name', ['checked_by_second_name', 'signed_at']],
  ['contracts', 'person_name', ['partner_name', 'partner_phone', 'signed_at', 'amount']],
  ['contracts', undefined, ['warehouse_name', 'warehouse_phone', 'signed_at', 'amount']],
  ['contracts', undefined, ['folder_name', 'signed_at']],
  // What the table is called
  ['tax_identifiers', 'tax_id', ['value', 'source']],
  ['phone_numbers', 'phone', ['numeric', 'type']],
  ['widget_numbers', undefined, ['numeric', 'type']],
  // Names of people and keys of lists, in languages that put the head first
  ['turmas', 'person_name', ['nm_responsavel', 'periodo', 'vagas']],
  ['turmas', undefined, ['nm_turno', 'periodo', 'vagas']],
  ['raca', undefined, ['nm_raca', 'ativo']],
  ['aluno_raca', 'demographic', ['raca', 'aluno']],
  ['turmas', 'username', ['usuario', 'periodo', 'vagas']],
  // What a framework glues to the name of a model
  ['hr_boardingnote', 'free_text', ['description', 'employee_id', 'stage']],
  // What is left of an address, and what became of something
  ['contracts', 'postal_address', ['site_visit_state', 'site_visit_city', 'signed_at', 'amount']],
  ['contracts', undefined, ['site_visit_state', 'site_visit_day', 'signed_at', 'amount']],
  // Whoever did it, as text
  ['parcels', 'username', ['user', 'weight', 'sent']],
  ['parcels', 'person_name', ['handover_witness', 'weight', 'sent']],
  // A full name beside a short one is a thing's, above others it is a path
  ['studies', undefined, ['fullname', 'shortname', 'starts']],
  ['trays', undefined, ['full_name', 'parent_tray_id', 'opened']],
  // Told apart by a letter
  ['staff_cards', 'phone', ['phonew2', 'lastname', 'badge']],
  // Somebody's findings, and lists of what there is to find
  ['form_hpi', 'health', ['LBROW', 'pid', 'SEVERITY']],
  ['picks', 'health', ['reaction', 'diagnosis', 'pid']],
  ['icd10_order_code', undefined, ['icd9_03', 'icd9_02', 'icd9_01', 'revision', 'code']],
  ['life_history', 'health', ['coffee', 'tobacco', 'alcohol']],
  ['state_history', undefined, ['exam', 'changed', 'reason']],
  // Answers that nobody gave
  ['lesson_answers', undefined, ['answer', 'fraction', 'position']],
  ['lesson_answers', 'free_text', ['answer', 'user_id', 'position']],
  // What somebody is at the bank, and a counter
  ['children', undefined, ['children_count', 'parent_id', 'name']],
  // Numbers that are called by whose they are
  ['crews', 'national_id', ['inmate_number', 'rank']],
  ['crews', 'phone', ['helpline_no', 'rank']],
  ['crews', 'bank_account', ['giro_no', 'rank']],
  ['crews', undefined, ['berth_number', 'rank']],
  ['crews', 'financial', ['proposed_stipend', 'rank'], 'numeric'],
  ['permits', 'email', ['summary_recipients', 'sent']],
  // Somebody at a network
  ['users', 'username', ['codeberg', 'email']],
  ['users', 'username', ['kaggle_url', 'email']],
  ['widgets', undefined, ['codeberg', 'size']],
  ['parcels', 'username', ['modified_user', 'weight', 'sent']],
  // Tables of people, their pictures and what goes out to them
  ['surveyors', 'person_name', ['name', 'region']],
  ['referrers', undefined, ['name', 'region']],
  ['guest_pictures', 'photo', ['data', 'size']],
  ['sms_queue', 'free_text', ['content', 'recipient', 'tries']],
  ['conversation_part_contents', 'free_text', ['content', 'html_content', 'part_id']],
  ['tickets', 'person_name', ['full_name', 'first_name', 'last_name', 'email_address', 'price']],
  ['polling_answers', undefined, ['text', 'help_text', 'display_order']],
  // One word for all its capitals
  ['scans', 'date_of_birth', ['SubjectDoB', 'made'], 'date'],
  // A machine in a rack
  ['devices', undefined, ['latitude', 'asset_tag', 'owner']],
  ['devices', 'geo', ['latitude', 'push_count', 'owner']],
  ['accounts', 'secret', ['deletion_key', 'opened']],
  ['webhooks', 'secret', ['payload_url', 'active']],
  // Corners of a map
  ['outings', undefined, ['top_left_latitude', 'made'], 'double precision'],
  ['outings', 'geo', ['start_latitude', 'made'], 'double precision'],
  // Under an address that is not told
  ['receipts', 'secret', ['receipt_url_key', 'total']],
  ['goods', undefined, ['url_key', 'sku', 'title']],
  // Of a pair
  ['registration_changes', undefined, ['key', 'value', 'made']],
  ['moderations', undefined, ['content_hash', 'recipient']],
  // Meant by what they call themselves
  ['mentions', 'person_name', ['name', 'username', 'shown']],
  ['mentions', 'photo', ['image', 'username', 'shown']],
  ['zqcontact', 'person_name', ['name', 'tier']],
  ['vimeo_identities', 'username', ['vimeo_user_id', 'made']],
  // Trips, sightings, places
  ['mileage_trips', 'postal_address', ['destination', 'origin', 'miles']],
  ['mileage_trips', 'free_text', ['purpose', 'destination', 'miles']],
  ['observations', 'geo', ['latitude', 'observed_on', 'user_id'], 'numeric'],
  ['boundaries', undefined, ['geom', 'label'], 'geometry'],
  ['outings', 'geo', ['geom', 'user_id'], 'geometry'],
  ['visits', undefined, ['venue_address', 'begins']],
  ['galleries', undefined, ['medium_url', 'thumb_url']],
  ['profiles', 'username', ['medium_url', 'email']],
  ['faq_issues', undefined, ['answer', 'question', 'added']],
  ['questions', 'free_text', ['content', 'title', 'user_id']],
  ['questions', undefined, ['content', 'title', 'quiz_id']],
  ['identifications', 'free_text', ['body', 'user_id', 'made']],
  ['contacts', undefined, ['contact_title', 'since']],
  // Mail that waits, by its copies
  ['planned_steps', 'email', ['to', 'cc', 'subject']],
  ['planned_steps', 'free_text', ['content', 'bcc', 'to']],
  ['planned_steps', undefined, ['content', 'started']],
  ['chat_extracts', 'free_text', ['summary', 'chat_id']],
  // Who can be reached and has a face
  ['mailboxes', 'person_name', ['name', 'email', 'image']],
  ['mailboxes', undefined, ['name', 'email', 'image', 'slug']],
  ['patrons', 'tax_id', ['tax_code', 'since']],
  ['tax_categories', undefined, ['tax_code', 'since']],
  ['patrons', 'person_name', ['invoicing_contact', 'since']],
  ['issuers', 'secret', ['ldap_config', 'issuer']],
  ['clicks', undefined, ['email_id', 'link']],
  ['candidates', 'email', ['email_id', 'phone']],
  ['families', undefined, ['family_name', 'sorted']],
  ['languages', undefined, ['l_name', 'l_code']],
  // Kept as bytes, it is encrypted
  ['alert_destinations', 'secret', ['options', 'name'], 'bytea'],
  ['alert_destinations', undefined, ['options', 'name'], 'jsonb'],
  ['access_tokens', 'secret', ['sign', 'expires']],
  ['sms_replies', 'phone', ['from_number', 'made']],
  ['user_presence', 'free_text', ['status_msg', 'since']],
  ['connections', 'username', ['uid', 'access_token']],
  ['message_id_matching', undefined, ['original_message_id', 'own_message_id', 'email_log_id', 'user_id']],
  // Words of tables that only rules about tables know, in the plural
  ['gadget_standings', 'free_text', ['reason', 'made_at']],
  // What something is reached with, and what proves who somebody is
  ['gadgets', 'secret', ['ldap_settings', 'made_at']],
  ['gadgets', 'secret', ['totp_recover', 'made_at']],
  ['gadgets', undefined, ['totp_issuer', 'made_at']],
  ['gadgets', 'secret', ['hook_secret_gitlab', 'made_at']],
  ['depots_s3', 'secret', ['key', 'secret', 'bucket']],
  ['depots_s3', undefined, ['key', 'made_at', 'bucket']],
  ['depots_s3', undefined, ['endpoint', 'secret', 'bucket']],
  ['crew_invitations', 'secret', ['link', 'made_at']],
  ['crew_footers', undefined, ['link', 'made_at']],
  ['gadgets', 'email', ['smtp_from_address', 'made_at']],
  ['blocked_ips', 'ip_address', ['address', 'made_at']],
  ['blocked_ips', 'ip_address', ['hex', 'made_at']],
  ['blocked_paths', undefined, ['hex', 'made_at']],
  ['gadgets', 'username', ['by_user_text', 'made_at']],
  ['outgoing_queue', 'free_text', ['message', 'subject', 'user_id']],
  ['outgoing_queue', undefined, ['message', 'attempts', 'user_id']],
  ['work_timesheets', 'free_text', ['description', 'hours']],
  // Of a machine, and nobody's: a log-in beside its password
  ['lone_mongos', undefined, ['name', 'initdb_root_username', 'initdb_root_password']],
  ['lone_mongos', 'person_name', ['name', 'username', 'birthday']],
  // Kept apart from what everybody may see; in a list of what there is a token is a name
  ['gadgets', 'secret', ['secure_json_data', 'made_at']],
  ['gadgets', undefined, ['plain_json_data', 'made_at']],
  ['build_triggers', 'secret', ['token', 'made_at']],
  ['build_categories', undefined, ['token', 'made_at']],
  ['pictures_kept', 'secret', ['key', 'delete_key', 'made_at']],
  ['gadgets', 'secret', ['magic_token_guid', 'made_at']],
  ['ldap_configs', 'secret', ['settings', 'made_at']],
  ['chart_configs', undefined, ['settings', 'made_at']],
  ['pending_users', 'secret', ['code', 'made_at']],
  ['push_targets', 'secret', ['endpoint', 'auth', 'publickey']],
  // Who somebody is, by the way in which they log in
  ['ways_in', 'username', ['auth_id', 'auth_module', 'made_at']],
  ['ways_in', undefined, ['auth_id', 'made_at']],
  ['members', 'username', ['uid', 'password']],
  ['members', undefined, ['uid', 'login', 'password']],
  ['members', undefined, ['userId', 'password']],
  ['members', 'username', ['userid', 'password']],
  ['members', 'username', ['socialnetworks', 'email'], 'json'],
  // Copies, and whom mail is sent to
  ['gadgets', 'email', ['bcc_receipt', 'cc_receipt']],
  ['gadgets', undefined, ['bcc_receipt', 'made_at']],
  ['gadgets', 'email', ['email_errors_to', 'made_at']],
  ['gadgets', 'email', ['return_path', 'made_at']],
  // What it is about first
  ['visits_made', 'free_text', ['detail_refuse', 'made_at']],
  ['visits_made', undefined, ['detail_length', 'made_at']],
  ['members', 'national_id', ['national_registration_number', 'email']],
  ['gadgets', undefined, ['national_registration_number', 'made_at']],
  ['money_ways', 'bank_account', ['number', 'bic']],
  ['money_ways', undefined, ['number', 'made_at']],
  ['holidays', 'free_text', ['description', 'user_id', 'since']],
  ['holidays', undefined, ['description', 'since']],
  ['members', 'free_text', ['lookup', 'email'], 'tsvector'],
  ['gadgets', undefined, ['lookup', 'made_at'], 'tsvector'],
  ['members', undefined, ['encrypted', 'email']],
  ['members', 'ip_address', ['iplastlogin', 'email']],
  // A column for one field, and a table for those of a thing
  ['node__field_last_name', 'person_name', ['field_last_name_value', 'entity_id']],
  ['users_field_data', 'person_name', ['name', 'mail', 'pass_word']],
  ['members_settings', undefined, ['name', 'value', 'birthday']],
  ['members_known', 'person_name', ['name', 'value', 'birthday']],
  ['web_sessions', 'ip_address', ['hostname', 'uid', 'sid']],
  ['web_servers', undefined, ['hostname', 'uid', 'sid']],
  ['user_agents', 'device_id', ['name', 'made_at']],
  ['sales_agents', 'person_name', ['name', 'email']],
  // What was answered, asked and noted
  ['gadgets', 'free_text', ['moderator_response', 'made_at']],
  ['gadgets', undefined, ['server_response', 'made_at']],
  ['gadgets_abuse', 'free_text', ['reason', 'made_at']],
  ['gadgets', 'free_text', ['poc_1_notes', 'poc_1_phone_a', 'made_at']],
  ['gadgets', undefined, ['poc_1_level', 'poc_1_phone_a', 'made_at']],
  ['chat_messages', 'free_text', ['query', 'answer']],
  ['exam_history', 'free_text', ['answer', 'question', 'candidate_id']],
  ['exam_agreements', 'person_name', ['signature', 'made_at']],
  // What is kept of keys, and what a device is asked with
  ['sso_keys', 'secret', ['data', 'user_id']],
  ['snmp_ways', 'secret', ['community', 'version']],
  ['gadgets', undefined, ['community', 'version']],
  ['gadgets', 'email', ['sendto', 'made_at']],
  ['remote_identities', 'username', ['origin_user_id', 'made_at']],
  ['saml_ways', undefined, ['username_attribute', 'made_at']],
  ['lone_scripts', undefined, ['name', 'username', 'password', 'command', 'url', 'type', 'description']],
  // The application's own word before all its names
  ['gibbonSession', 'secret', ['gibbonSessionID', 'made_at']],
  ['gadgets', 'secret', ['api_key_readonly', 'made_at']],
  ['points_won', 'username', ['discord_id', 'made_at']],
  // The key of a row, as Frappe has it; an application's own word before that of the table
  ['tabVolunteer', undefined, ['name', 'email', 'dob']],
  ['volunteers', 'person_name', ['name', 'email', 'dob']],
  ['matomo_session', 'secret', ['id', 'data', 'lifetime']],
  ['matomo_gadget', undefined, ['id', 'data', 'lifetime']],
  // What is reported with how bad it is, and what is noted of it
  ['gadget_problems', 'free_text', ['content', 'urgency', 'impact']],
  ['gadget_problems', undefined, ['content', 'urgency']],
  ['gadget_problems', 'free_text', ['symptomcontent', 'urgency', 'impact', 'content']],
  ['queued_notifications', 'free_text', ['body_html', 'sender', 'recipient']],
  ['queued_notifications', undefined, ['body_html', 'attempts']],
  ['visits_made', 'free_text', ['comment_validation', 'made_at']],
  ['itilfollowups', 'free_text', ['content', 'users_id']],
  ['leave_applications', 'free_text', ['description', 'made_at']],
  // What lets in
  ['remember_keys', 'secret', ['series', 'token', 'user_id']],
  ['remember_keys', undefined, ['series', 'made_at']],
  ['oauth_access_tokens', 'secret', ['identifier', 'made_at']],
  ['oauth_access_tokens', undefined, ['identifier', 'token']],
  ['software_licences', 'secret', ['serial', 'made_at']],
  ['driver_licences', undefined, ['serial', 'made_at']],
  ['members', 'secret', ['2fa', 'email']],
  ['delivery_notes', 'postal_address', ['shipping_address', 'made_at']],
  ['ldap_ways', undefined, ['login_field', 'host']],
  ['clicks', 'device_id', ['idvisitor', 'made_at'], 'bytea'],
  // Before most columns of the table
  ['protected_pages', undefined, ['pt_title', 'pt_page', 'pt_since', 'pt_level', 'pt_kind']],
  // Who fills a form in
  ['intake_forms', 'person_name', ['preferred_name', 'first_name', 'surname', 'dob']],
  // How a machine is reached, glued
  ['pollers', 'password_hash', ['redispass', 'redishost']],
  ['pollers', 'username', ['sftpuser', 'sftphost']],
  // Beside a key, and no key
  ['vaults', undefined, ['encrypted_note_nonce', 'made_at']],
  ['vaults', 'secret', ['cipher', 'nonce']],
  ['vaults', 'secret', ['ciphered_extras', 'made_at'], 'jsonb'],
  ['vaults', undefined, ['chart_key', 'made_at'], 'bytea'],
  ['vaults', 'secret', ['station_key', 'made_at'], 'bytea'],
  // Who has somebody to ask, and programs
  ['partners', undefined, ['name', 'contact_email', 'made_at']],
  ['partners', 'person_name', ['name', 'email', 'made_at']],
  ['placeholder_users', undefined, ['name', 'made_at']],
  ['suppliers', undefined, ['contact_title', 'contact_name']],
  // What is described
  ['cashiers', undefined, ['description', 'start_time']],
  ['cashiers', 'free_text', ['description', 'first_name', 'last_name']],
  ['sms_messages', undefined, ['description', 'name', 'lang']],
  ['sms_messages', 'free_text', ['description', 'name', 'sender']],
  // Published, and written to somebody
  ['portal_notes', undefined, ['content', 'title', 'published_at']],
  ['portal_notes', 'free_text', ['content', 'title', 'parent_id']],
  // Where things are numbered, and where people are reached
  ['machines', undefined, ['work_number', 'variety']],
  ['colleagues', 'phone', ['work_number', 'mobile']],
  ['maps', undefined, ['latitude', 'zoom'], 'numeric'],
  // Terms of trade, and what somebody earns
  ['debtors', undefined, ['credit_limit', 'discount'], 'numeric'],
  ['employee_pay_history', 'financial', ['rate', 'pay_frequency'], 'numeric'],
  ['tariffs', undefined, ['rate', 'pay_frequency'], 'numeric'],
  // What somebody logs in with
  ['users', 'username', ['user_id', 'password', 'real_name']],
  ['users', undefined, ['user_id', 'username', 'password']],
  ['settings_user', undefined, ['name', 'value']],
  ['customer_branches', 'postal_address', ['br_address', 'br_name', 'notes']],
  ['citizens', 'national_id', ['nationalidnumber', 'gender']],
  ['citizens', undefined, ['legal_position_code', 'gender']],
  // Parts of an address with the beginning of the others
  ['billads', 'postal_address', ['bill_code', 'bill_city', 'bill_state']],
  ['billads', 'postal_address', ['bill_pobox', 'bill_city', 'bill_state']],
  ['billads', undefined, ['bill_code', 'bill_city']],
  ['billads', 'postal_address', ['bill_code', 'bill_city', 'bill_state_province']],
  ['billads', undefined, ['email_footer', 'made_at']],
  // Glued behind what nobody knows
  ['zorbaxincomingcalls', 'phone', ['from_number', 'lasted'], 'bigint'],
  ['zorbaxincoming', undefined, ['from_number', 'lasted'], 'bigint'],
  ['stages', 'person_name', ['assistant', 'assistantphone']],
  ['stages', undefined, ['dealname', 'made_at']],
  ['contactdetails', undefined, ['contact_no', 'phone', 'mobile']],
  ['fees', undefined, ['fee_vat', 'made_at'], 'bigint'],
  ['push_mirror', undefined, ['remote_address', 'made_at']],
  ['search_tokens', undefined, ['token', 'word_count']],
  ['profiles', undefined, ['avatar_source', 'made_at']],
];

describe('names that no rule lists', () => {
  it.each(CASES.map(([table, expected, columns, type = 'text']) => [table, expected, columns, type] as const))(
    '%s: %s for %j',
    (table, expected, columns, type) => {
      expect(first(table, columns, type)).toBe(expected);
    },
  );
});
