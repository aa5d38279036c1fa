import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnClass, ColumnSubject } from '../../src/classify/classes.ts';
import { classifyColumn, classifyTable } from '../../src/classify/classify-column.ts';

function subject(table: string, column: string, type = 'text', more: Partial<ColumnSubject> = {}): ColumnSubject {
  return { schema: 'public', table, column, type, siblings: [], ...more };
}
const classOf = (table: string, column: string, type?: string, more?: Partial<ColumnSubject>) =>
  classifyColumn(subject(table, column, type, more)).class;

/** `table.column:type`, each with its class. */
const SENSITIVE: Readonly<Record<ColumnClass, string>> = {
  email:
    'users.email users.eMail t.mail_addr t.E_MAIL t.BillingEmail t.correo_electronico t.emailaddress t.usr_email2 t.email_sha256 t.reply_to t.email_enc:bytea t.recipient_emails:text[] mails.to mails.cc kontakte.mail t.direccion_correo t.мейл_почта t.メールアドレス t.邮箱',
  phone:
    't.phone t.tel t.telno t.mob t.mobile_no t.cell_phone t.phoneNumber t.fax t.msisdn:bigint t.telefone t.telefono_casa t.handy t.handynummer t.telefoon t.telefon t.nomer_telefona t.whatsapp t.emergency_phone t.携帯番号 t.手机号',
  person_name:
    't.first_name t.FIRSTNAME t.lname t.fname t.surname t.vorname t.nachname t.prenom t.nom_de_famille t.apellidos t.apellido_paterno t.sobrenome t.cognome t.imie t.nazwisko t.voornaam t.achternaam t.fornavn t.soyad t.familiya t.otchestvo users.name customers.name kunden.name patients.nom orders.customer_name t.cardholder_name t.mothers_maiden_name t.nanny_name t.氏名 t.姓名',
  postal_address:
    't.address t.street t.street2 t.zip t.zip_code t.postcode t.plz t.strasse t.straße t.hausnr t.adresse t.direccion t.codigo_postal t.cep t.rua t.indirizzo t.code_postal t.ulica t.kod_pocztowy t.adres t.home_address users.city customers.town t.住所',
  geo: 'users.lat:numeric users.lng:numeric sessions.latitude:double orders.delivery_lat users.location:point devices.geohash t.gps_coordinates',
  date_of_birth:
    't.dob:date t.date_of_birth:date t.birthdate t.BirthDay:date t.dt_nasc:date t.data_nascimento:date t.fecha_nacimiento:date t.geburtsdatum:date t.geb_dat:date t.date_naissance:date t.birth_year:int4 t.data_urodzenia:date t.data_rozhdeniya:date t.生年月日:date',
  national_id:
    't.ssn t.ssn_enc:bytea t.social_security_no t.passport_no t.drivers_license t.nino t.dni t.nie t.curp t.pesel t.bsn t.personnummer t.cpr_nr t.egn t.oib t.snils t.aadhaar_number t.nric t.tckn t.numero_securite_sociale t.sozialversicherungsnummer t.身份证号',
  tax_id:
    't.tax_id t.vat_number t.tin t.ein t.cpf t.cnpj t.nif t.rfc t.cuit t.codice_fiscale t.partita_iva t.steuer_id t.ust_idnr t.inn t.nip',
  ip_address:
    't.ip t.ip_addr t.ipaddress t.last_sign_in_ip t.remote_addr t.client_ip:inet t.x_forwarded_for logins.ip:bigint t.source:inet',
  device_id:
    't.imei t.mac_address t.mac:macaddr t.idfa t.device_id t.android_id t.user_agent t.ua t.device_fingerprint t.udid',
  username:
    't.username t.login t.user_name t.handle t.screen_name t.benutzername t.nombre_usuario t.twitter_handle users.nickname',
  password_hash:
    'users.password users.pwd users.passwd users.encrypted_password t.password_digest t.hashed_password t.senha t.contrasena t.passwort t.haslo t.mot_de_passe t.passwordSalt',
  secret:
    't.api_key t.apiKey t.access_token t.refresh_token t.reset_password_token t.client_secret t.private_key t.webhook_url t.otp_secret t.totp_seed t.backup_codes t.session_id t.two_factor_recovery_codes t.jwt t.verification_code t.encrypted_token t.token_hash t.security_answer t.connection_string tokens.value api_keys.key sessions.data t.confirmation_token:uuid',
  payment_card:
    't.card_number t.cc_num t.pan t.card_no t.cvv t.credit_card t.numero_tarjeta t.kreditkartennummer t.cc_last4',
  bank_account:
    't.iban t.account_number t.bank_account t.routing_number t.sort_code t.kontonummer t.swift_code t.cuenta_bancaria t.ibans:text[]',
  health:
    't.diagnosis t.blood_type t.allergies t.mrn t.medical_history t.is_pregnant:boolean t.hiv_status t.medication t.blutgruppe patients.weight:numeric',
  demographic:
    'users.gender users.sex:int2 t.religion t.ethnicity t.nationality t.marital_status t.geschlecht t.estado_civil t.sexo t.place_of_birth people.age:int4',
  financial:
    't.salary:numeric t.base_salary:numeric t.annual_income:numeric t.credit_score:int4 t.net_worth:numeric t.gehalt:numeric t.salario:numeric t.hourly_rate:numeric',
  free_text:
    'users.bio users.notes messages.body tickets.description comments.content patients.remarks t.private_message orders.customer_note chats.message',
  photo: 'users.avatar users.avatar_url t.profile_picture users.photo:bytea t.selfie employees.picture:bytea',
};

const CLEAR =
  `users.email_verified:boolean users.email_verified users.email_verified_at:timestamptz users.password_changed_at:timestamptz users.phone_count:int4 users.failed_attempts:int4
  products.name tags.name roles.name products.description categories.title companies.name addresses.ip_family:int4 t.ip_family t.card_type t.card_exp_month:int4 t.card_count:int4 t.phone_model t.email_template t.email_subject
  t.password_policy t.ssn_required:boolean t.token_ttl_seconds:int4 t.iban_country t.token_type t.ssn_format t.phone_country_code t.git_sha t.checksum t.etag t.order_number t.sku t.barcode t.uuid:uuid t.external_id:uuid t.country t.currency
  t.locale t.timezone t.created_at:timestamptz t.user_id:int8 t.email_id:int8 t.address_id:int4 t.status t.state t.file_name t.host_name t.product_name t.class_name t.public_key t.webhook_enabled:boolean t.has_phone:boolean t.num_emails:int4
  t.max_tokens:int4 t.prompt_tokens:int4 t.tax_rate:numeric t.vat_rate:numeric t.price:numeric t.latency:numeric t.site_key t.primary_key t.sort_key t.cache_key t.telefone_verificado t.email_activo t.address_type t.phone_type t.birthday_reminder:boolean
  t.gender_required:boolean t.avatar_updated_at:timestamptz t.avatar_file_size:int4 t.secret_count:int4 t.is_secret:boolean t.salary_currency t.login_count:int4 t.username_format t.notification_email_enabled:boolean t.mail_host t.smtp_port:int4
  stores.latitude:numeric cities.lat:numeric shops.street warehouses.city countries.name t.page_token t.cookie_policy t.app_version t.build_sha t.fw_version t.os t.placed_ms:int8 t.siret t.race_condition t.credit_type t.error_message t.commit_message
  t.password_expires_in_days:int4 t.phone_verified t.bank_name t.cancellation_policy t.session_timeout:int4 networks.cidr:cidr t.allowed_ips:inet[] t.embedding:vector`
    .split(/\s+/u)
    .filter((one) => one !== '');

const parse = (one: string): [string, string, string?] => {
  const [name = '', type] = one.split(':') as [string, string?];
  const dot = name.indexOf('.');
  return type === undefined
    ? [name.slice(0, dot), name.slice(dot + 1)]
    : [name.slice(0, dot), name.slice(dot + 1), type];
};

describe('by name and type', () => {
  for (const [expected, names] of Object.entries(SENSITIVE)) {
    it(`finds ${expected}`, () => {
      const missed = names.split(' ').filter((one) => classOf(...parse(one)) !== expected);
      expect(missed.map((one) => `${one}: ${classOf(...parse(one))}`)).toEqual([]);
    });
  }

  it('leaves look-alikes clear', () => {
    const found = CLEAR.filter((one) => classOf(...parse(one)) !== undefined);
    expect(found.map((one) => `${one}: ${classOf(...parse(one))}`)).toEqual([]);
  });

  it('reads a domain and a composite by their names', () => {
    expect(classOf('t', 'x', 'public.email_address', { baseType: 'text' })).toBe('email');
    expect(classOf('t', 'doc', 'iban_code', { baseType: 'text' })).toBe('bank_account');
    expect(classOf('t', 'n', 'positive_int', { baseType: 'integer' })).toBeUndefined();
    const loc = classifyColumn(
      subject('t', 'loc', 'public.postal_address', { fields: ['street', 'city', 'zip', 'country'] }),
    );
    expect(loc.class).toBe('postal_address');
    expect([...(loc.paths ?? [])]).toEqual([
      ['street', 'postal_address'],
      ['city', 'postal_address'],
      ['zip', 'postal_address'],
    ]);
    expect(classOf('t', 'size', 'dimensions', { fields: ['width', 'height', 'unit'] })).toBeUndefined();
  });

  it('reads enum labels of traits, and no others', () => {
    expect(classOf('t', 'g', 'gender_t', { labels: ['male', 'female', 'other'], baseType: 'enum' })).toBe(
      'demographic',
    );
    expect(
      classOf('users', 'status', 'user_status', { labels: ['invited', 'active'], baseType: 'enum' }),
    ).toBeUndefined();
  });

  it('follows a natural key, and leaves keys that are numbers', () => {
    expect(classOf('t', 'ref', 'text', { references: 'public.users.email' })).toBe('email');
    expect(classOf('t', 'owner', 'integer', { references: 'public.users.id' })).toBeUndefined();
    expect(classOf('t', 'device_id', 'uuid', { references: 'public.devices.id' })).toBeUndefined();
  });

  it('reads comments', () => {
    expect(classOf('t', 'c7', 'text', { comment: 'E-mail address of the customer, lower case' })).toBe('email');
    expect(classOf('t', 'c7', 'text', { comment: 'PII: see the data register' })).toBe('free_text');
    expect(classOf('t', 'c7', 'text', { comment: 'Number of e-mails that were sent' })).toBeUndefined();
    expect(classOf('products', 'drop', 'text', { comment: 'drop location (DROP TABLE is not meant)' })).toBeUndefined();
  });

  it('takes context from the other columns', () => {
    const table = ['state', 'city', 'zip', 'id'].map((column, _, all) =>
      subject('t', column, column === 'id' ? 'integer' : 'text', { siblings: all.filter((other) => other !== column) }),
    );
    expect(classifyTable(table).map((one) => one.class)).toEqual([
      'postal_address',
      'postal_address',
      'postal_address',
      undefined,
    ]);
    expect(classOf('t', 'name', 'text', { siblings: ['dob', 'id'] })).toBe('person_name');
    expect(classOf('t', 'name', 'text', { siblings: ['price', 'id'] })).toBeUndefined();
  });
});

describe('with values', () => {
  const many = (value: (i: number) => string, count = 200) => Array.from({ length: count }, (_, i) => value(i));

  it('believes values more than a name', () => {
    for (const column of ['email', 'ssn', 'iban', 'password', 'phone', 'api_key']) {
      expect(classOf('users', column, 'text', { values: many((i) => (i % 2 ? 'yes' : 'no')) }), column).toBeUndefined();
    }
    expect(classOf('t', 'email', 'text', { values: many((i) => `group ${i}`) })).toBeUndefined();
    for (const column of ['field_12', 'extra_1', 'k', 'label', 'x']) {
      expect(classOf('t', column, 'text', { values: many((i) => `anna.${i * 7}@mail.example`) }), column).toBe('email');
    }
  });

  it('keeps a name without values, or with none that speak', () => {
    expect(classOf('t', 'ssn', 'text', { values: [] })).toBe('national_id');
    expect(classOf('t', 'account_number', 'text', { values: many((i) => String(10_000_000 + i * 7919)) })).toBe(
      'bank_account',
    );
    expect(classOf('users', 'last_name', 'text', { values: many((i) => `Qx${i}`) })).toBe('person_name');
    expect(classOf('t', 'pin_hash', 'text', { values: many((i) => `${i}abcdefgh`) })).toBe('secret');
  });

  it('scans text in which anything may stand, and nothing else', () => {
    const scan = (column: string, type: string) => classifyColumn(subject('products', column, type)).scan;
    expect(
      ['description:text', 'attrs:jsonb', 'xq:text'].map((one) => scan(...(one.split(':') as [string, string]))),
    ).toEqual([true, true, true]);
    expect(
      ['sku:text', 'price:numeric', 'status:text', 'id:integer', 'created_at:timestamptz'].map((one) =>
        scan(...(one.split(':') as [string, string])),
      ),
    ).toEqual([false, false, false, false, false]);
  });
});

describe('the same answer', () => {
  const names = Object.values(SENSITIVE)
    .flatMap((list) => list.split(' '))
    .concat(CLEAR)
    .map(parse)
    .filter(([, column]) => /^[a-z]+(_[a-z]+)+$/u.test(column));
  const styles: ((words: string[]) => string)[] = [
    (words) => words.join('_').toUpperCase(),
    (words) => words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join(''),
    (words) => words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(''),
    (words) => words.join('-'),
    (words) => words.join(' '),
  ];

  it('in any case and style', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.constantFrom(...styles), ([table, column, type], style) => {
        expect(classOf(table, style(column.split('_')), type)).toBe(classOf(table, column, type));
      }),
      { numRuns: 500 },
    );
  });

  it('in any order of the columns', () => {
    const columns = [
      'id:integer',
      'name:text',
      'email:text',
      'city:text',
      'zip:text',
      'state:text',
      'notes:text',
      'hash:text',
      'salt:text',
      'total:numeric',
    ];
    const classify = (order: readonly string[]) =>
      new Map(
        classifyTable(
          order.map((one) => {
            const [column = '', type = ''] = one.split(':');
            return subject('t', column, type, {
              siblings: order.filter((other) => other !== one).map((other) => other.split(':')[0] ?? ''),
            });
          }),
        ).map((found, at) => [order[at], found.class] as const),
      );
    const expected = classify(columns);
    fc.assert(
      fc.property(fc.shuffledSubarray(columns, { minLength: columns.length }), (order) => {
        for (const [column, found] of classify(order)) expect(found).toBe(expected.get(column));
      }),
    );
  });

  it.each<[string, string, string, ColumnClass | undefined]>([
    ['sessions', 'id', 'user_agent payload', 'secret'],
    ['saml_application_sessions', 'application_id', 'id expires_at', undefined],
    ['attendance', 'employee', 'employee_name date', undefined],
    ['attendance', 'employee', 'date', 'person_name'],
    ['keys', 'key', 'account_id', 'secret'],
    ['keys', 'key', 'title fingerprint', undefined],
    ['tags', 'token', 'tag description', undefined],
    ['password_resets', 'token', 'user_id', 'secret'],
    ['posts', 'html', 'title slug feature_image published_at', undefined],
    ['posts', 'html', 'user_id', 'free_text'],
    ['auth', 'image', 'email password', 'photo'],
    ['uploads', 'image', 'alt', undefined],
    ['letters', 'body', 'sender_id recipient_id', 'free_text'],
    ['feeds', 'description', 'feed_url username', undefined],
    ['application', 'address_city', 'address_line1 address_postal_code', 'postal_address'],
    ['t', 'aasm_state', 'name zip city', undefined],
    ['leads', 'name', 'contact_name phone', undefined],
    ['t', 'settings_encrypted', 'id', 'secret'],
    ['machines', 'health_status', 'id', undefined],
    ['machines', 'fingerprint', 'hostname ip', 'device_id'],
    ['stacktraces', 'fingerprint', 'exception platform', undefined],
    // A state beside another's address is that of a machine; beside its own it is a place.
    ['invoices', 'state', 'recipient_zip_code recipient_town number', undefined],
    ['invoices', 'state', 'zip_code town number', 'postal_address'],
    // A prefix of all columns is no word of their names.
    ['e107_submitnews', 'submitnews_name', 'submitnews_email submitnews_title', 'person_name'],
    ['workers', 'name', 'hostname queue pid', undefined],
    ['program_applications', 'name', 'email website', 'person_name'],
    ['medications', 'dosage', 'name user_id strength', 'health'],
    ['job_tasks', 'description', 'queue retry_limit', undefined],
    ['changesets', 'min_lon', 'min_lat max_lat', undefined],
    ['invitation_codes', 'code', 'created_at', 'secret'],
    ['verifiable_addresses', 'value', 'via status', 'email'],
    ['gateways', 'address', 'port socket', undefined],
    ['positions', 'address', 'protocol latitude longitude', 'postal_address'],
    ['pricing_profiles', 'name', 'rate', undefined],
    ['flags', 'message', 'reason post_id', 'free_text'],
    ['event_translations', 'description', 'locale title', undefined],
    ['journal_entries', 'description', 'debit currency', undefined],
    ['locations', 'city', 'line_one zip', 'postal_address'],
    ['salutations', 'salutation', 'id', undefined],
    ['devices', 'unique_id', 'name', 'device_id'],
    ['t', 'motionlatitude', 'id', 'geo'],
    ['t', 'error_msg', 'id', undefined],
    ['t', 'user_name_attribute_name', 'id', undefined],
    ['t', 'email_fingerprint', 'id', 'email'],
    ['t', 'google2fa_secret', 'id', 'secret'],
  ])('%s.%s beside %s', (table, column, beside, expected) => {
    expect(classOf(table, column, 'text', { siblings: beside.split(' ') })).toBe(expected);
  });

  it('reads what stands before every column of a table as nothing', () => {
    const columns = ['PAT_ID', 'PAT_NAME', 'PAT_ADDR', 'PAT_TELE', 'PAT_LOCK'];
    const all = (table: string, names: readonly string[]) =>
      classifyTable(
        names.map((column) => subject(table, column, 'text', { siblings: names.filter((name) => name !== column) })),
      ).map((one) => one.class);
    expect(all('clients', ['clien_no', 'clien_name', 'clien_kind', 'clien_lock'])[1]).toBe('person_name');
    expect(all('PATIENT', columns)).toEqual([undefined, 'person_name', 'postal_address', 'phone', undefined]);
  });

  it('reads a letter glued before most columns of a table as nothing', () => {
    const all = (names: readonly string[]) =>
      classifyTable(
        names.map((column) => subject('relays', column, 'text', { siblings: names.filter((name) => name !== column) })),
      ).map((one) => one.class);
    expect(all(['qserver', 'qport', 'quser', 'qpass'])).toEqual([undefined, undefined, 'username', 'password_hash']);
    expect(all(['qserver', 'weight', 'quser', 'height', 'qpass'])[2]).toBe('username');
    expect(all(['server', 'weight', 'colour', 'height', 'qpass'])[4]).toBeUndefined();
  });

  it('takes what is measured beside much about health for health too', () => {
    const names = 'id patient_id temperature spo2 pulse symptoms heart_rate lactate rhythm unit'.split(' ');
    const found = classifyTable(
      names.map((column) =>
        subject('daily_round', column, column.endsWith('id') ? 'bigint' : 'text', {
          siblings: names.filter((name) => name !== column),
        }),
      ),
    ).map((one) => one.class);
    expect(found).toEqual([undefined, undefined, ...Array(7).fill('health'), undefined]);
  });

  it('takes a whole number that is called an account or an id for a reference', () => {
    expect(classOf('credit', 'bank_account', 'integer')).toBeUndefined();
    expect(classOf('credit', 'bank_account', 'text')).toBe('bank_account');
    expect(classOf('positions', 'deviceid', 'integer')).toBeUndefined();
  });

  it('never fails, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 63 }),
        fc.string({ unit: 'grapheme', maxLength: 63 }),
        (table, column) => {
          expect(typeof classifyColumn(subject(table, column)).scan).toBe('boolean');
        },
      ),
    );
  });
});
