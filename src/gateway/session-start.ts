/**
 * From a verified principal and a StartupMessage to a running session: grant, limits, upstream, record, greeting.
 * Refusals reach the client as a FATAL ErrorResponse and the record as `connect.refused`.
 */
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CATALOG_SQL } from '../catalog/catalog-query.ts';
import { closeSoon } from '../close-soon.ts';
import { DbgateError } from '../errors.ts';
import { displayName, type Principal } from '../identity/principal.ts';
import { type MaskingRights, seesEverything } from '../masking/clearance.ts';
import { encodeAuthenticationOk } from '../pgwire/authentication.ts';
import { encodeErrorResponse } from '../pgwire/error-response.ts';
import { negotiate } from '../pgwire/negotiation.ts';
import { encodeBackendKeyData, encodeParameterStatus, readyForQuery } from '../pgwire/result.ts';
import type { StartupMessage } from '../pgwire/startup.ts';
import { Connection } from './connection.ts';
import { Foreseer } from './foresee.ts';
import type { GatewayState, SessionHolder } from './gateway-state.ts';
import { heldFacts, heldMeaning } from './held-facts.ts';
import { whileItMeans } from './held-statement.ts';
import { notGranted } from './policy-in-force.ts';
import { Session } from './session/session.ts';
import type { SessionEntry } from './session-registry.ts';
import { clientApplicationName, upstreamParameters } from './startup-parameters.ts';
import { StatementElevations } from './statement-elevations.ts';
import { connectUpstream, UpstreamRefusal } from './upstream.ts';
import { cancelUpstream } from './upstream-cancel.ts';

/** Approvals were taken out of the configuration while a statement was to be held. */
const NO_HOLDS = { holdMs: 0, holdInTransactionMs: 0, noticeEveryMs: 0 };

export interface Arrival {
  readonly client: Duplex;
  readonly startup: StartupMessage;
  readonly principal: Principal;
  /** The database's name at the gateway. */
  readonly database: string;
  readonly via: 'tunnel' | 'native';
  readonly tunnel: string | undefined;
  readonly purpose: string | undefined;
  readonly clientAddress: string;
}

/** Never throws: what goes wrong is told to the client and recorded. */
export async function startSession(gateway: GatewayState, arrival: Arrival): Promise<void> {
  try {
    await start(gateway, arrival);
  } catch (error) {
    refuseConnection(gateway, arrival, error);
  }
}

async function start(gateway: GatewayState, arrival: Arrival): Promise<void> {
  const { client, startup, principal } = arrival;
  const runtime = gateway.database(arrival.database);
  const access = gateway.grantFor(principal, arrival.database, arrival.purpose);
  if (runtime === undefined) throw notGranted(arrival.database, { granted: false, reason: 'none' });
  gateway.checkSessionCount(principal, arrival.database, access);
  if (gateway.sessions.size + gateway.starting >= gateway.settings.limits.maxSessions) {
    throw new DbgateError('denied', `the gateway serves its limit of ${gateway.settings.limits.maxSessions} sessions`, {
      sqlstate: '53300',
      hint: 'Close connections that are not used, or try again shortly.',
    });
  }
  if (gateway.log.state !== 'healthy') {
    throw new DbgateError('audit_unavailable', 'audit unavailable, no session is opened', { sqlstate: '58030' });
  }
  // A connection dialled ahead may have waited longer than its token lives.
  if (principal.expiresAt <= Date.now()) throw expired();
  const person = displayName(principal);
  const readOnly = access.access === 'read';
  const wanted = upstreamParameters(startup.parameters, person, { readOnly, limits: access.limits });
  const gone = new AbortController();
  const onGone = (): void => gone.abort();
  // Back before anything is waited for: 'end' is told to a paused stream too, once it holds nothing more.
  if (startup.rest.length > 0) client.unshift(startup.rest);
  client.once('end', onGone).once('close', onGone);
  if (client.readableEnded || client.destroyed) onGone();
  gateway.starting++;
  let upstream: Awaited<ReturnType<typeof connectUpstream>>;
  try {
    upstream = await connectUpstream(
      runtime.settings.upstream,
      { parameters: wanted.parameters },
      { signal: gone.signal },
    );
  } catch (error) {
    client.off('end', onGone).off('close', onGone);
    throw error;
  } finally {
    gateway.starting--;
  }
  let entry: SessionEntry | undefined;
  try {
    const analyser = await runtime.prepare(upstream.parameterStatus);
    for (const [name, value] of wanted.pinned) {
      const actual = upstream.parameterStatus.get(name);
      if (actual !== value)
        throw new DbgateError('upstream_unavailable', `the server reports ${name} ${actual}, not ${value}`);
    }
    if (gone.signal.aborted) throw new DbgateError('cancelled', 'the client went away');
    if (upstream.socket.destroyed) {
      throw new DbgateError('upstream_unavailable', 'the database closed the connection', { sqlstate: '08006' });
    }
    // From here on nothing is waited for. What was decided before may have been taken back meanwhile.
    const granted = gateway.grantFor(principal, arrival.database, arrival.purpose);
    const lasting = granted.elevated ?? granted;
    if (lasting.access === 'read' && (access.elevated ?? access).access !== 'read') {
      throw notGranted(arrival.database, { granted: false, reason: 'none' });
    }
    if (principal.expiresAt <= Date.now()) throw expired();
    gateway.checkSessionCount(principal, arrival.database, granted);
    const holder: SessionHolder = {
      principal,
      renewals: 0,
      purpose: arrival.purpose,
      application: wanted.application,
    };
    const egress = gateway.egressOf(principal, runtime.settings.name, granted);
    const scope = gateway.followScope(runtime.settings, holder, granted);
    const elevations = new StatementElevations(holder);
    const id = randomUUID();
    const journal = gateway.recorder.session(id);
    journal.open({
      issuer: principal.issuer,
      subject: principal.subject,
      email: principal.email,
      principalKind: principal.kind,
      groups: principal.groups,
      actors: principal.actors ?? (principal.actor === undefined ? [] : [principal.actor]),
      authMethods: principal.authMethods,
      bound: principal.jkt !== undefined,
      clientAddress: arrival.clientAddress,
      application: wanted.application,
      via: arrival.via,
      database: runtime.settings.name,
      environment: runtime.settings.environment,
      upstreamUser: runtime.settings.upstream.user,
      purpose: arrival.purpose,
      policyVersion: () => gateway.policyVersion,
    });
    const rights = (): MaskingRights => scope().masking;
    // A reload may take a clearance back while the session lives, and what an elevation shows is masked again after it.
    // What its columns hold is asked for the record, whoever it is that sees them.
    const database = runtime.masking;
    const masking = seesEverything(lasting.masking)
      ? undefined
      : database.open(rights, gateway.keyOf(principal), (unmask) => scope().unmaskRequest(unmask));
    if (masking === undefined) database.follow();
    const session = new Session(
      {
        principal,
        encoding: wanted.encoding,
        pinnedParameters: wanted.pinned,
        clientApplicationName: (value) => clientApplicationName(wanted.application, person, value),
        maxMessageBytes: gateway.settings.limits.maxStatementBytes,
        waitForRecord: gateway.settings.audit.durability === 'sync',
        egress,
        readOnly,
      },
      // No accessor: V8 keeps an object that has one of its own as a table, three times as large and slower to ask.
      {
        journal,
        describe: (analysis, sql) => runtime.records.describe(analysis, sql),
        describeValues: (analysis, sql, parameters, types) => runtime.records.values(analysis, sql, parameters, types),
        maskGiven:
          masking === undefined
            ? undefined
            : (analysis, sql, parameters, types) => runtime.records.maskGiven(analysis, sql, parameters, types),
        lookup: (sql) => runtime.lookup(analyser, sql),
        judge: (analysis) => elevations.noted(analysis, scope().judge(runtime.withRoutines(analysis))),
        judgeResolved: (analysis, resolved, foreseen) =>
          elevations.noted(analysis, scope().judgeResolved(runtime.withRoutines(analysis), resolved, foreseen)),
        catalogSql: CATALOG_SQL,
        withRoutines: (analysis) => runtime.withRoutines(analysis),
        unseenCreations: (analysis) => runtime.unseenCreations(analysis),
        elevationOf: (analysis) => elevations.of(analysis),
        isPureRead: (statements) => runtime.isPureRead(statements),
        isOwn: (catalog, oid) => gateway.owned.isOwn(runtime.settings.name, gateway.keyOf(principal), catalog, oid),
        policyEpoch: () => gateway.epochOf(holder) + runtime.routineVersion,
        masking,
        definitions: runtime.definitions,
        canHold: () => gateway.settings.approvals !== undefined,
      },
    );
    const key = gateway.sessions.newCancelKey();
    let foreseer: Foreseer | undefined;
    const cancel = async (): Promise<void> => {
      if (upstream.backendKey === undefined) return;
      await cancelUpstream(runtime.settings.upstream, upstream.backendKey).catch((error: Error) =>
        gateway.logLine(`cancel on ${runtime.settings.name} failed: ${error.message}`),
      );
    };
    const connection = new Connection({
      session,
      client,
      upstream: upstream.socket,
      analyse: (sql) => runtime.analyse(analyser, sql),
      durability: gateway.durability,
      lateWrites: gateway.lateWrites,
      principal,
      idleTimeoutMs: shorter(gateway.settings.limits.idleTimeoutMs, granted.limits.idleTimeoutMs),
      trace: async (statements, sql) => masking?.trace(statements, sql),
      foresee: (question) => {
        foreseer ??= new Foreseer(runtime);
        return foreseer.foresee(question);
      },
      checkDefinitions: (questions) => runtime.definitions.check(questions),
      checkMade: (made) => runtime.creations.made(made),
      retrace: async (statements, sql) => {
        runtime.schemaChanged();
        await masking?.trace(statements, sql);
      },
      onCreated: (objects) => {
        // All at once: the next statement may be about any of them.
        for (const object of objects) {
          // Not recorded: then it is nobody's own, and changing it asks for approval.
          void gateway.owned
            .created({ database: runtime.settings.name, principal: gateway.keyOf(principal), ...object })
            .catch((error: Error) => gateway.logLine(`${object.name} is not remembered as created: ${error.message}`));
        }
      },
      onSchemaChanged: () => gateway.schemaChanged(runtime),
      onCancelUpstream: () => void cancel(),
      onCancelStatement: cancel,
      holds: {
        place: async (question) => {
          const { purpose, application } = holder;
          const at = { principal: holder.principal, purpose, application, session: id };
          const meaning = await heldMeaning(runtime, question);
          const facts = await heldFacts(runtime, question, at, meaning);
          const asked = await gateway.requests.hold(facts);
          gateway.heldTexts.keep(asked, facts.statement.hash, question);
          const hold = whileItMeans(asked, async () => (await heldMeaning(runtime, question)) === meaning);
          return { hold, deciders: gateway.requests.get(hold.request, holder.principal)?.request.deciders ?? [] };
        },
        times: () => gateway.settings.approvals ?? NO_HOLDS,
      },
      onInternalError: (error) => gateway.logLine(`session ${id}: ${error.stack ?? error.message}`),
      onClosed: (reason) => {
        if (entry !== undefined) gateway.sessions.remove(entry);
        if (masking === undefined) database.release();
        else masking.close();
        journal.close(reason);
      },
    });
    entry = {
      id,
      openedAt: Date.now(),
      holder,
      tunnel: arrival.tunnel,
      database: runtime.settings.name,
      readOnly: lasting.access === 'read',
      unmasked: masking === undefined,
      connection,
      cancelPid: key.pid,
      cancelSecret: key.secret,
      cancel: () => connection.cancelRequested(),
      egress,
    };
    gateway.sessions.add(entry);
    // It may have begun, or ended, while the upstream was being connected.
    connection.setReadOnly(granted.access === 'read');
    client.write(greeting(startup, upstream, key, (value) => clientApplicationName(wanted.application, person, value)));
    connection.start();
  } catch (error) {
    upstream.socket.destroy();
    throw error;
  } finally {
    client.off('end', onGone).off('close', onGone);
  }
}

function greeting(
  startup: StartupMessage,
  upstream: Awaited<ReturnType<typeof connectUpstream>>,
  key: { pid: number; secret: Buffer },
  applicationName: (value: string) => string,
): Buffer {
  const parts: Buffer[] = [negotiate(startup).told, encodeAuthenticationOk()];
  for (const [name, value] of upstream.parameterStatus) {
    parts.push(encodeParameterStatus(name, name === 'application_name' ? applicationName(value) : value));
  }
  parts.push(encodeBackendKeyData(key.pid, key.secret), ...upstream.notices, readyForQuery(upstream.txStatus));
  return Buffer.concat(parts);
}

function expired(): DbgateError {
  return new DbgateError('expired', 'session expired: run dbgate login', { sqlstate: '28000' });
}

/** 0 is none. */
function shorter(ofGatewayMs: number, ofGrantMs: number | undefined): number {
  if (ofGrantMs === undefined || ofGatewayMs === 0) return ofGrantMs ?? ofGatewayMs;
  return Math.min(ofGatewayMs, ofGrantMs);
}

/** Tells the client why, as PostgreSQL would, and records it. */
export function refuseConnection(
  gateway: GatewayState,
  arrival: { client: Duplex; clientAddress: string; principal?: Principal; database?: string },
  error: unknown,
): void {
  const known = error instanceof DbgateError ? error : undefined;
  const fields = known?.cause instanceof UpstreamRefusal ? known.cause.fields : undefined;
  const { client } = arrival;
  closeSoon(client, {
    lastWord: encodeErrorResponse({
      severity: 'FATAL',
      code: known?.sqlstate ?? sqlstateOf(known),
      message: known?.message ?? 'internal error of the gateway',
      ...(fields?.detail === undefined ? {} : { detail: fields.detail }),
      ...(known?.hint === undefined ? {} : { hint: known.hint }),
    }),
  });
  if (known === undefined)
    gateway.logLine(`a connection failed: ${error instanceof Error ? error.stack : String(error)}`);
  recordRefusal(gateway, arrival, error);
}

export function recordRefusal(
  gateway: GatewayState,
  arrival: { clientAddress: string; principal?: Principal | undefined; database?: string | undefined },
  error: unknown,
): void {
  const known = error instanceof DbgateError ? error : undefined;
  if (known?.code === 'cancelled') return;
  gateway.refusals.add(
    {
      clientAddress: arrival.clientAddress,
      subject: arrival.principal?.subject,
      email: arrival.principal?.email,
      database: arrival.database,
      code: known?.code ?? 'internal',
      reason: known?.message ?? 'internal error',
    },
    performance.now(),
  );
}

function sqlstateOf(error: DbgateError | undefined): string {
  switch (error?.code) {
    case 'protocol':
      return '08P01';
    case 'denied':
    case 'login_required':
    case 'token_invalid':
      return '28000';
    case 'audit_unavailable':
      return '58030';
    case 'upstream_unavailable':
      return '08001';
    default:
      return 'XX000';
  }
}
