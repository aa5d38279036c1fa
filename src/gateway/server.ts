/**
 * Composes one gateway from its settings: log, index, verifier, listeners. The only place that knows all parts.
 * Nothing is served before everything it needs works; what can't work stops the start with what to do about it.
 */
import { constants } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { CallbackGuard } from '../api/callback-guard.ts';
import { httpErrorOf } from '../api/http-answer.ts';
import { requestRisk } from '../api/request-json.ts';
import { keepRequestTexts } from '../api/request-texts.ts';
import { CONNECT_PATH, decoded, requestUrl, serveApi } from '../api/router.ts';
import { Web } from '../api/web/web.ts';
import { doubtsAbout } from '../approvals/notify/check-target.ts';
import { openNotifier } from '../approvals/notify/notifier.ts';
import type { RequestRights } from '../approvals/requests.ts';
import { clockStateOf } from '../audit/clock-state.ts';
import { Erasure } from '../audit/erasure.ts';
import { openOwnedObjects } from '../audit/owned-objects.ts';
import { openRecorder } from '../audit/recorder.ts';
import { openAuditTree } from '../audit/tree/tree.ts';
import { recordAcceptedRewrite, recordKeyRotation } from '../audit/tree/tree-events.ts';
import { closeSoon } from '../close-soon.ts';
import { loadGatewayConfig } from '../config/gateway-schema.ts';
import type { GatewaySettings, ListenAddress, SharedSettings } from '../config/gateway-settings.ts';
import { VERSION } from '../config/version.ts';
import { DbgateError } from '../errors.ts';
import { openDatabaseTokens } from '../identity/database-token.ts';
import type { Principal } from '../identity/principal.ts';
import { createRevocations, type Revocations } from '../identity/revocation.ts';
import { createProofReplayCache, createVerifier, type Verifier } from '../identity/verifier.ts';
import { openHistory } from '../store/history-index.ts';
import type { SharedDatabase } from '../store/postgres-database.ts';
import type { PostgresLog } from '../store/postgres-log.ts';
import { openSegmentLog } from '../store/segment-log.ts';
import { STREAMS_PATH } from '../streams/contract.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';
import { boundYoungGeneration } from '../young-generation.ts';
import { Admission, admissionLimits, openFilesLimit } from './admission.ts';
import { ClassificationStore } from './classification-store.ts';
import { ConfigWatch } from './config-watch.ts';
import { openEgressUsages } from './egress-usage.ts';
import { openGatewayRequests } from './gateway-requests.ts';
import { GatewayState } from './gateway-state.ts';
import { LifeRecord } from './life-record.ts';
import { LiveFeed } from './live-feed.ts';
import { liveSessionOf } from './live-session.ts';
import { oneLogLine } from './log-line.ts';
import { createNativeListener } from './native-listener.ts';
import { openRecordArchive } from './record-archive.ts';
import { keepRetention } from './retention.ts';
import { revokedSubjects } from './revoked-subjects.ts';
import { rulesInForce } from './rules-in-force.ts';
import { keepSegments } from './segment-upkeep.ts';
import { recordRefusal } from './session-start.ts';
import { SharedClasses } from './shared-classes.ts';
import { SharedRevocations } from './shared-revocations.ts';
import { checkStreams, serveStreams } from './stream-upgrade.ts';
import { checkUpgrade, serveTunnel, singleHeader } from './tunnel-upgrade.ts';

export interface RunningGateway {
  readonly httpsAddress: ListenAddress;
  readonly postgresAddress: ListenAddress | undefined;
  /** Cutting somebody off: sessions that are open end at once. */
  readonly revocations: Revocations;
  /** Takes validated settings for new and running sessions; listeners and the state directory stay. */
  reload(settings: GatewaySettings): void;
  close(): Promise<void>;
}

export interface StartOptions {
  log?: (line: string) => void;
  /** Default: what the system says. */
  openFilesLimit?: number;
  /** Why the operator takes a log that is not what was signed; recorded. */
  acceptRewritten?: string | undefined;
}

const MAX_QUEUED_LOG_BYTES = 64 << 20;
/** Of a request: a token may have 32 KiB (groups), its proof 8. */
const MAX_HEADER_BYTES = 48 << 10;
const KEEP_ALIVE_MS = 60_000;

export async function startGateway(settings: GatewaySettings, options: StartOptions = {}): Promise<RunningGateway> {
  let inForce: GatewayState | undefined;
  const logLine = (line: string): void => {
    const one = oneLogLine(line);
    telemetry?.log(one);
    options.log?.(one);
  };
  const telemetry = openTelemetry({
    settings: () => inForce?.settings ?? settings,
    version: VERSION,
    // What cannot be told to the collector is not told to it.
    logLine: (line) => options.log?.(oneLogLine(line)),
  });
  boundYoungGeneration();
  await mkdir(settings.stateDir, { recursive: true, mode: 0o700 });
  const closing: (() => unknown)[] = [() => telemetry?.close()];
  try {
    const now = Date.now;
    const log = await openSegmentLog({
      dir: path.join(settings.stateDir, 'audit'),
      gatewayId: settings.gatewayId,
      segmentBytes: settings.audit.segmentBytes,
      durability: settings.audit.durability,
      maxQueuedBytes: MAX_QUEUED_LOG_BYTES,
      now,
      onSync: telemetry?.synced,
    });
    closing.push(() => log.close());
    for (const note of log.status().recoveryNotes) logLine(`audit: ${note}`);
    const feed = new LiveFeed(log);
    const tree = await openAuditTree(log, {
      stateDir: settings.stateDir,
      gatewayId: settings.gatewayId,
      settings: settings.audit.tree,
      acceptRewritten: options.acceptRewritten !== undefined,
      onWarning: (message) => logLine(`audit: ${message}`),
      onRotated: (vkey, before) => recordKeyRotation(recorder, vkey, before),
    });
    closing.push(() => tree.close());
    const plainRecorder = openRecorder(log, {
      gatewayId: settings.gatewayId,
      now,
      tap: feed,
      clockState: clockStateOf(now),
    });
    const recorder = telemetry?.recorder(plainRecorder) ?? plainRecorder;
    closing.push(() => recorder.close());
    const life = new LifeRecord({ log, recorder, stateDir: settings.stateDir, logLine });
    let hasStarted = false;
    closing.push(() => (hasStarted ? life.stopped() : undefined));
    await recordAcceptedRewrite(recorder, tree.accepted, options.acceptRewritten);
    if (tree.status !== undefined) logLine(`audit: the tree of the record is signed by ${tree.status.vkey}`);
    const shared = settings.shared === undefined ? undefined : await openShared(settings, settings.shared);
    if (shared !== undefined) closing.push(() => shared.close());
    const owned = await openOwnedObjects(log, { now, shared: shared?.log });
    const history = await openHistory(log, {
      file: path.join(settings.stateDir, 'index.sqlite'),
      onWarning: (message) => logLine(`index: ${message}`),
    });
    closing.push(() => history.close());
    const erasure = new Erasure({ log, recorder, history, away: async () => (await archive?.copies.awayFrom()) ?? 0 });
    const archive: ReturnType<typeof openRecordArchive> | undefined =
      settings.audit.archive &&
      openRecordArchive({
        ...{ stateDir: settings.stateDir, settings: settings.audit.archive, recorder, erasure, now, logLine },
        origin: tree.status!.origin,
        checkpointOf: (size) => tree.ask({ kind: 'checkpoint-of', size }),
        cosigned: () => tree.cosigned(),
      });
    closing.push(keepSegments({ log, erasure, archive, now, logLine }));
    if (settings.audit.retention !== undefined) {
      const { retention } = settings.audit;
      const isArchived = archive && ((segment: number) => archive.copies.has(segment));
      closing.push(keepRetention({ dir: log.dir, settings: retention, erasure, recorder, now, logLine, isArchived }));
    }
    const databaseTokens = await openDatabaseTokens({
      stateDir: settings.stateDir,
      gatewayId: settings.gatewayId,
      now,
    });
    const keptRevocations = revokedSubjects(settings.stateDir, logLine);
    const sharedRevocations =
      shared === undefined ? undefined : new SharedRevocations(settings.stateDir, keptRevocations.kept, logLine);
    const revocations = createRevocations({
      kept: keptRevocations.kept,
      keep(subjects) {
        keptRevocations.keep(subjects);
        sharedRevocations?.keep(subjects);
      },
    });
    const egress = openEgressUsages(settings.stateDir, { now, logLine });
    closing.push(() => egress.close());
    const sharedLog = shared?.log;
    const sharedClasses = sharedLog && (await SharedClasses.open(sharedLog, logLine));
    closing.push(() => sharedClasses?.close());
    for (const name of settings.databases.keys())
      await sharedClasses?.tellKept(name, new ClassificationStore(settings.stateDir, name, () => {}));
    const rights: RequestRights = {
      mayReach: (principal, database) => gateway.baseAccessOf(principal, database) !== undefined,
      isDatabaseAdmin: (principal, database) => gateway.baseAccessOf(principal, database)?.access === 'admin',
      isAdministrator: (principal) => gateway.isAdministrator(principal),
      isAuditor: (principal) => gateway.isAuditor(principal),
    };
    const notifier = await openNotifier({
      stateDir: settings.stateDir,
      settings: () => inForce?.settings ?? settings,
      riskOf: requestRisk,
      ...{ now, random: Math.random, env: process.env, logLine },
    });
    closing.push(() => notifier.close());
    const requests = await openGatewayRequests({
      settings: () => inForce?.settings ?? settings,
      ...{ log, recorder, rights, sharedLog, now, logLine },
      listener: notifier.tell,
    });
    closing.push(() => requests.close());
    if (settings.approvals === undefined) {
      const held = settings.rules?.some(({ effect }) => effect === 'hold') === true;
      const also = held ? ', so statements that a rule holds are refused' : '';
      logLine(`no approvals: in the configuration: nobody can ask for more${also}`);
    }
    notifier.live();
    const gateway = new GatewayState({
      ...{ settings, log, recorder, owned, revocations, egress, requests, sharedLog, sharedClasses, logLine },
    });
    inForce = gateway;
    gateway.durability.onWaited = telemetry?.waited;
    telemetry?.watch({ gateway, tree, notifier });
    closing.push(() => gateway.close());
    closing.push(keepRequestTexts(requests));
    feed.sessionOf = (session) => liveSessionOf(gateway, session);
    revocations.onRevoked((revoked) => gateway.sessions.cutSubject(revoked));
    gateway.onClassesChanged = (database, changes) => life.classesChanged(database, changes);
    await life.started(rulesInForce(gateway.policyVersion, settings));
    hasStarted = true;
    if (shared !== undefined) {
      await sharedRevocations?.begin(shared.log, revocations);
      closing.push(() => sharedRevocations?.close());
      const { Notices } = await import('./notices.ts');
      const notices = await Notices.open(shared.database, {
        schemaChanged: (database) => gateway.schemaChangedElsewhere(database),
      });
      gateway.notices = notices;
      closing.push(() => notices.close());
      logLine(`shares schema ${shared.database.schema} as gateway ${settings.gatewayId}`);
    }

    sayWhoIsTold(settings, logLine);

    const openFiles = options.openFilesLimit ?? openFilesLimit();
    const admission = new Admission(admissionLimits(openFiles), logLine);
    const { maxConnections } = admission.limits;
    logLine(`open files: ${openFiles ?? 'no limit known'}, so at most ${maxConnections} connections at once`);
    if (maxConnections < settings.limits.maxSessions) {
      logLine(`limits.max_sessions ${settings.limits.maxSessions} is out of reach: raise the limit of open files`);
    }

    // Outlives reloads: a proof that was used stays used.
    const replay = createProofReplayCache();
    let verifier = verifierOf(settings);
    function verifierOf(from: GatewaySettings): Verifier {
      return createVerifier({
        ...{ issuers: from.issuers, publicUrl: from.publicUrl, now, revocations, replay },
        onAccepted: (principal, tokenHash) => life.accepted(principal, tokenHash),
      });
    }
    const authenticate = async (request: IncomingMessage): Promise<Principal> => {
      const principal = await verifier.verify({
        authorization: singleHeader(request, 'authorization'),
        dpop: singleHeader(request, 'dpop'),
        method: request.method ?? 'GET',
        url: request.url ?? '/',
      });
      admission.proved(request.socket);
      return principal;
    };

    let secureContext = nativeContext(settings);
    const { startupTimeoutMs } = settings.limits;
    const server = https.createServer({
      ...tlsOptions(settings),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      handshakeTimeout: startupTimeoutMs,
      headersTimeout: startupTimeoutMs,
      requestTimeout: startupTimeoutMs,
      connectionsCheckingInterval: Math.min(startupTimeoutMs, 5_000),
      maxHeaderSize: MAX_HEADER_BYTES,
    } as https.ServerOptions);
    server.on('connection', (socket) => admission.admit(socket));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.on('request', (request, response) => void serveApi(api, request, response));
    server.on('upgrade', (request, socket, head) => void upgrade(request, socket, head));
    const nativeServer =
      settings.listen.postgres === undefined
        ? undefined
        : createNativeListener({
            gateway,
            secureContext: () => secureContext,
            verifyDatabaseToken: async (token, database) => {
              const principal = await databaseTokens.verify(token, database);
              if (revocations.isRevoked(principal)) throw new DbgateError('token_invalid', 'access was revoked');
              return principal;
            },
            admit: (socket) => admission.admit(socket),
            proved: (socket) => admission.proved(socket),
          });
    const api = {
      gateway,
      tree,
      notifier,
      callbacks: { gateway, notifier, guard: new CallbackGuard(gateway, now), now },
      web: new Web({
        ...{ gateway, history, now },
        env: process.env,
        proved: (socket) => admission.proved(socket),
      }),
      history,
      erasure,
      archive: archive?.copies,
      feed,
      databaseTokens,
      authenticate,
      metrics:
        telemetry === undefined || settings.metrics === undefined
          ? undefined
          : { token: settings.metrics.token, metrics: () => telemetry.metrics() },
      native: () => {
        if (nativeServer === undefined) return undefined;
        return {
          host: new URL(gateway.settings.publicUrl).hostname,
          port: (nativeServer.address() as AddressInfo).port,
        };
      },
    };

    async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
      socket.on('error', () => socket.destroy());
      const { remoteAddress = '?', remotePort = 0 } = request.socket;
      let principal: Principal | undefined;
      let database: string | undefined;
      try {
        const { pathname } = requestUrl(request);
        if (pathname === STREAMS_PATH) {
          principal = await authenticate(request);
          checkStreams(request);
          serveStreams(socket, head, (stream) => {
            if (!admission.admitCarried(stream)) return false;
            server.emit('secureConnection', stream);
            return true;
          });
          return;
        }
        const match = CONNECT_PATH.exec(pathname);
        if (match === null) throw new DbgateError('not_found', `there is no ${pathname}`);
        database = decoded(match[1]!);
        principal = await authenticate(request);
        checkUpgrade(gateway, request, principal, database);
        await serveTunnel(gateway, request, socket, head, principal, database);
      } catch (error) {
        if (!(error instanceof DbgateError)) logLine(`upgrade: ${(error as Error).stack}`);
        refuseUpgrade(socket, error);
        recordRefusal(gateway, { clientAddress: `${remoteAddress}:${remotePort}`, principal, database }, error);
      }
    }

    const httpsAddress = await listen(server, settings.listen.https);
    closing.push(() => {
      server.close();
      admission.destroyAll();
    });
    let postgresAddress: ListenAddress | undefined;
    if (nativeServer !== undefined) {
      postgresAddress = await listen(nativeServer, settings.listen.postgres!);
      closing.push(() => nativeServer.close());
    }
    return {
      httpsAddress,
      postgresAddress,
      revocations,
      reload(next) {
        // Whatever can throw comes first, so that a bad certificate or issuer changes nothing.
        const nextVerifier = verifierOf(next);
        const nextContext = nativeContext(next);
        server.setSecureContext(tlsOptions(next));
        verifier = nextVerifier;
        secureContext = nextContext;
        gateway.reload({
          ...next,
          stateDir: settings.stateDir,
          listen: settings.listen,
          audit: settings.audit,
          metrics: settings.metrics,
          otlp: settings.otlp,
          shared: settings.shared,
        });
        life.rulesInForce(rulesInForce(gateway.policyVersion, next));
        notifier.reloaded();
        sayWhoIsTold(next, logLine);
      },
      async close() {
        // Farewells reach their clients before the sockets go.
        await gateway.sessions.endAll('shutdown');
        await closeAll(closing);
      },
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

interface Shared {
  readonly database: SharedDatabase;
  readonly log: PostgresLog;
  close(): Promise<void>;
}

/** Loaded only where it is asked for: most gateways are by themselves. */
async function openShared({ gatewayId }: GatewaySettings, settings: SharedSettings): Promise<Shared> {
  const { openSharedDatabase } = await import('../store/postgres-database.ts');
  const { openPostgresLog } = await import('../store/postgres-log.ts');
  const database = await openSharedDatabase({ settings: settings.database, schema: settings.schema, gatewayId });
  const log = await openPostgresLog(database);
  return {
    database,
    log,
    async close() {
      await log.close();
      await database.close();
    },
  };
}

function sayWhoIsTold({ notify = [], web }: GatewaySettings, logLine: (line: string) => void): void {
  if (notify.length > 0)
    logLine(`tells of requests: ${notify.map(({ name, kind }) => `${name} (${kind})`).join(', ')}`);
  for (const doubt of doubtsAbout(notify, web !== undefined)) logLine(doubt);
}

async function closeAll(closing: (() => unknown)[]): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

function tlsOptions({ tls: { cert, key } }: GatewaySettings): tls.SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** As PostgreSQL's own: no client of its protocol resumes a session, so none has tickets made and kept for it. */
function nativeContext(settings: GatewaySettings): tls.SecureContext {
  return tls.createSecureContext({ ...tlsOptions(settings), secureOptions: constants.SSL_OP_NO_TICKET });
}

function listen(server: https.Server | import('node:net').Server, address: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DbgateError('config', `cannot listen on ${address.host}:${address.port}: ${error.code ?? error.message}`, {
          hint:
            error.code === 'EADDRINUSE'
              ? 'Another program has that port: stop it, or choose another in gateway.yaml.'
              : undefined!,
        }),
      ),
    );
    server.listen(address.port, address.host, () => {
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const { status, body, headers } = httpErrorOf(error);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(text)),
    Connection: 'close',
    ...headers,
  });
  closeSoon(socket, {
    lastWord: `HTTP/1.1 ${status} Refused\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${text}`,
  });
}

export interface RunOptions {
  readonly configPath: string;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  /** As `StartOptions`. */
  readonly acceptRewritten?: string | undefined;
  log(line: string): void;
}

/** `dbgate gateway`: serves until the signal; reloads on SIGHUP and when the file changes. */
export async function runGateway({
  configPath,
  signal,
  env = process.env,
  acceptRewritten,
  log,
}: RunOptions): Promise<void> {
  // The state directory may have been made by others, and be open: what is written there is not.
  process.umask(0o077);
  const first = loadGatewayConfig(configPath, env);
  const running = await startGateway(first.settings, { log, acceptRewritten });
  log(`listening on https://${running.httpsAddress.host}:${running.httpsAddress.port}`);
  if (running.postgresAddress !== undefined) {
    log(`listening for Postgres clients on ${running.postgresAddress.host}:${running.postgresAddress.port}`);
  }
  const reload = (): void => {
    try {
      const { settings, included } = loadGatewayConfig(configPath, env);
      running.reload(settings);
      watcher.follow(file, included);
      log('configuration reloaded');
    } catch (error) {
      log(`configuration NOT reloaded, the old one stays: ${(error as Error).message}`);
    }
  };
  const file = path.resolve(configPath);
  const watcher = new ConfigWatch(reload);
  watcher.follow(file, first.included);
  process.on('SIGHUP', reload);
  try {
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  } finally {
    watcher.close();
    process.off('SIGHUP', reload);
    await running.close();
  }
}
