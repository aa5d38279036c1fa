/**
 * What OCSF 1.3.0 asks of the events that dbgate writes, as JSON Schema, in our own words: the members that we use, what
 * is required of each class, and the numbers that stand for something. Members that are not named are refused. Held member
 * by member against OCSF's own definitions (github.com/ocsf/ocsf-schema, tag 1.3.0): nothing here is taken that they refuse.
 * @see https://schema.ocsf.io/1.3.0/classes/datastore_activity
 */
/** The most that a text may have, in characters. */
const text = { type: 'string', maxLength: 65_535 } as const;
const whole = { type: 'integer' } as const;
const ids = (...values: number[]) => ({ enum: values });

function object(properties: Record<string, object>, required: string[] = [], atLeastOne: string[] = []): object {
  const anyOf = atLeastOne.length === 0 ? {} : { anyOf: atLeastOne.map((name) => ({ required: [name] })) };
  return { type: 'object', properties, required, additionalProperties: false, ...anyOf };
}

const group = object({ name: text, uid: text }, [], ['name', 'uid']);
const user = object(
  {
    name: text,
    uid: text,
    email_addr: { ...text, pattern: "^[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~.]+@[A-Za-z0-9-]+\\.[A-Za-z0-9.-]+$" },
    type_id: ids(0, 1, 2, 3, 99),
    type: text,
    groups: { type: 'array', items: group, minItems: 1 },
  },
  [],
  ['name', 'uid'],
);
const session = object({ uid: text, issuer: text, created_time: whole, is_remote: { type: 'boolean' } });
const actor = object(
  { user, session, idp: object({ name: text, uid: text }, [], ['name', 'uid']), invoked_by: text },
  [],
  ['user', 'session', 'invoked_by'],
);
const endpoint = object(
  {
    ip: { type: 'string', maxLength: 40, format: 'ip' },
    port: { type: 'integer', minimum: 0, maximum: 65_535 },
    name: text,
    svc_name: text,
  },
  [],
  ['ip', 'name', 'svc_name'],
);
const service = object({ name: text, uid: text }, [], ['name', 'uid']);
const metadata = object(
  {
    version: { const: '1.3.0' },
    uid: { ...text, minLength: 1 },
    sequence: whole,
    log_name: text,
    event_code: text,
    original_time: text,
    product: object({ name: text, vendor_name: text, version: text }, ['vendor_name', 'name']),
    profiles: { type: 'array', items: { enum: ['security_control', 'host'] } },
  },
  ['version', 'product', 'uid'],
);

function eventClass(
  uid: number,
  activities: number[],
  own: Record<string, object>,
  required: string[],
  atLeastOne: string[] = [],
): object {
  const all = [0, ...activities, 99];
  return object(
    {
      class_uid: { const: uid },
      class_name: text,
      category_uid: { const: Math.floor(uid / 1000) },
      category_name: text,
      activity_id: ids(...all),
      activity_name: text,
      type_uid: ids(...all.map((id) => uid * 100 + id)),
      type_name: text,
      severity_id: ids(0, 1, 2, 3, 4, 5, 6, 99),
      severity: text,
      // Milliseconds.
      time: { type: 'integer', minimum: 1_500_000_000_000, maximum: 10_000_000_000_000 },
      metadata,
      status_id: ids(0, 1, 2, 99),
      status: text,
      status_code: text,
      status_detail: text,
      unmapped: { type: 'object' },
      ...own,
    },
    ['class_uid', 'category_uid', 'activity_id', 'type_uid', 'severity_id', 'time', 'metadata', ...required],
    atLeastOne,
  );
}

export const OCSF_RULES: Readonly<Record<number, object>> = {
  6005: eventClass(
    6005,
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    {
      actor,
      src_endpoint: endpoint,
      dst_endpoint: endpoint,
      duration: whole,
      database: object({ name: text, type_id: ids(0, 1, 2, 3, 4, 5, 6, 99), type: text }, ['type_id'], ['name']),
      table: object({ name: text }, ['name']),
      type_id: ids(0, 1, 2, 3, 99),
      type: text,
      query_info: object({ query_string: text, uid: text, bytes: whole }, ['query_string', 'uid']),
      action_id: ids(0, 1, 2, 99),
      action: text,
      disposition_id: ids(...Array.from({ length: 28 }, (_, id) => id), 99),
      disposition: text,
    },
    ['actor', 'src_endpoint', 'action_id'],
    ['database', 'table'],
  ),
  3002: eventClass(
    3002,
    [1, 2, 3, 4, 5, 6],
    { user, session, service, src_endpoint: endpoint, auth_protocol_id: { const: 4 }, auth_protocol: text },
    ['user', 'service'],
  ),
  3003: eventClass(
    3003,
    [1, 2],
    {
      user,
      session,
      actor,
      src_endpoint: endpoint,
      dst_endpoint: endpoint,
      privileges: { type: 'array', items: text },
    },
    ['user', 'privileges'],
  ),
  3005: eventClass(
    3005,
    [1, 2],
    { user, actor, src_endpoint: endpoint, privileges: { type: 'array', items: text, minItems: 1 } },
    ['user', 'privileges'],
  ),
  6003: eventClass(
    6003,
    [1, 2, 3, 4],
    {
      actor,
      src_endpoint: endpoint,
      api: object({ operation: text, service, request: object({ uid: text }, ['uid']) }, ['operation']),
      resources: { type: 'array', items: object({ name: text, type: text }, ['name']) },
    },
    ['actor', 'api', 'src_endpoint'],
  ),
};
