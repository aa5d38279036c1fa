/**
 * The five requests of S3 that are needed here. In: a key, bytes with their SHA-256. Out: what the store said. Nothing is
 * ever overwritten, and what goes over the wire is signed together with its hash.
 * The bucket stands in the path of URLs, which every store understands.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { S3Settings } from '../../config/audit-settings.ts';
import { DbgateError, ErrorCode } from '../../errors.ts';

/** Bytes with a name; read anew for each try. */
export interface S3Body {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  open(): Readable | Buffer;
}

export interface S3Object {
  /** Without the prefix. */
  readonly key: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** All throw `S3Error`. */
export interface S3Client {
  /** For messages: endpoint, bucket, prefix. */
  readonly place: string;
  /** `exists`: something is there under this name, and stays. */
  put(key: string, body: S3Body): Promise<'stored' | 'exists'>;
  /** `sha256` in hex, where the store keeps one. Undefined: there is no such object. */
  head(key: string): Promise<{ readonly size: number; readonly sha256: string | undefined } | undefined>;
  /** Undefined: there is no such object. */
  get(key: string): Promise<Readable | undefined>;
  list(under: string): AsyncGenerator<S3Object>;
  remove(key: string): Promise<void>;
}

export class S3Error extends DbgateError {
  /** Of HTTP; 0: there was no answer. */
  readonly status: number;
  constructor(status: number, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(ErrorCode.auditUnavailable, message, options);
    this.status = status;
  }
}

const TRIES = 4;
const FIRST_RETRY_MS = 250;
const DAY_MS = 86_400_000;
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** A store that says nothing for so long does not answer. */
const SILENCE_MS = 60_000;
const MAX_ANSWER_BYTES = 16 << 20;

export function openS3(settings: S3Settings): S3Client {
  const { endpoint, bucket, prefix, region, accessKey, secretKey, objectLockDays } = settings;
  const root = `${endpoint}/${bucket}`;

  const send = async (
    method: 'PUT' | 'HEAD' | 'GET' | 'DELETE',
    path: string,
    extra: Readonly<Record<string, string>> = {},
    body?: S3Body,
  ): Promise<Dispatcher.ResponseData> => {
    // Loaded by those that have a store: 217 modules, for the gateway and for its tree.
    const [{ AwsV4Signer }, { request }] = await Promise.all([import('aws4fetch'), import('undici')]);
    const headers = { ...extra, 'x-amz-content-sha256': body?.sha256 ?? EMPTY_SHA256 };
    const signer = new AwsV4Signer({
      method,
      url: `${root}${path}`,
      headers,
      ...{ accessKeyId: accessKey, secretAccessKey: secretKey, region, service: 's3' },
    });
    const signed = await signer.sign();
    return await request(signed.url, {
      method,
      headers: {
        ...Object.fromEntries(signed.headers),
        ...(body === undefined ? {} : { 'content-length': String(body.size) }),
      },
      body: body?.open() ?? null,
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
    });
  };

  /** Tries again what may help: no answer, 429, 5xx. `fine`: other answers than 2xx that are none of a failure. */
  const ask = async (...[method, path, extra, body, fine = []]: [...Parameters<typeof send>, number[]?]) => {
    for (let attempt = 1; ; attempt++) {
      let failure: S3Error;
      try {
        const response = await send(method, path, extra, body);
        const { statusCode } = response;
        if ((statusCode >= 200 && statusCode < 300) || fine.includes(statusCode)) return response;
        failure = failed(method, statusCode, await codeOf(response));
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
        failure = new S3Error(0, `archive ${root}: ${method} got no answer (${code})`, { cause });
      }
      const mayHelp = failure.status === 0 || failure.status === 429 || failure.status >= 500;
      if (attempt >= TRIES || !mayHelp) throw failure;
      await sleep(FIRST_RETRY_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  };

  const failed = (method: string, status: number, code: string | undefined): S3Error => {
    const said = code === undefined ? '' : ` ${code}`;
    const hint =
      status === 403 || status === 401
        ? 'check access_key, secret and region, and what the key may do: GetObject, PutObject, ListBucket'
        : status === 404
          ? 'the bucket must be there'
          : undefined;
    return new S3Error(status, `archive ${root}: ${method} was answered with ${status}${said}`, {
      ...(hint && { hint }),
    });
  };

  const at = (key: string): string => `/${prefix}${key}`;

  return {
    place: `${root}/${prefix}`,
    async put(key, body) {
      const lock =
        objectLockDays === undefined
          ? {}
          : {
              'x-amz-object-lock-mode': 'COMPLIANCE',
              'x-amz-object-lock-retain-until-date': new Date(Date.now() + objectLockDays * DAY_MS).toISOString(),
            };
      const headers = {
        'if-none-match': '*',
        'x-amz-checksum-sha256': Buffer.from(body.sha256, 'hex').toString('base64'),
        'content-type': 'application/octet-stream',
        ...lock,
      };
      // 409: somebody else is writing it just now.
      const response = await ask('PUT', at(key), headers, body, [412, 409]);
      await response.body.dump();
      return response.statusCode === 412 || response.statusCode === 409 ? 'exists' : 'stored';
    },
    async head(key) {
      const response = await ask('HEAD', at(key), { 'x-amz-checksum-mode': 'ENABLED' }, undefined, [404]);
      await response.body.dump();
      if (response.statusCode === 404) return undefined;
      const checksum = response.headers['x-amz-checksum-sha256'];
      const sha256 = typeof checksum === 'string' ? Buffer.from(checksum, 'base64').toString('hex') : undefined;
      return { size: Number(response.headers['content-length']), sha256 };
    },
    async get(key) {
      const response = await ask('GET', at(key), {}, undefined, [404]);
      if (response.statusCode !== 404) return response.body;
      const code = await codeOf(response);
      if (code === 'NoSuchBucket') throw failed('GET', 404, code);
      return undefined;
    },
    async *list(under) {
      for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
        const query = new URLSearchParams({ 'list-type': '2', prefix: prefix + under });
        if (token !== undefined) query.set('continuation-token', token);
        const response = await ask('GET', `?${query}`);
        const page = parseList(await textOf(response));
        for (const { key, size, at: time } of page.objects) {
          if (key.startsWith(prefix)) yield { key: key.slice(prefix.length), size, at: time };
        }
        token = page.next;
      }
    },
    async remove(key) {
      const response = await ask('DELETE', at(key), {}, undefined, [404]);
      await response.body.dump();
    },
  };
}

/** `ListBucketResult`; throws `S3Error` for what is none. */
export function parseList(xml: string): { readonly objects: readonly S3Object[]; readonly next: string | undefined } {
  if (!/<ListBucketResult[\s>]/.test(xml)) throw new S3Error(0, 'archive: the answer is no list of objects');
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry]): S3Object => {
    const [key, size, at] = [element(entry!, 'Key'), Number(element(entry!, 'Size')), element(entry!, 'LastModified')];
    if (key === undefined || !Number.isSafeInteger(size))
      throw new S3Error(0, 'archive: the list has an entry without a key');
    return { key, size, at: Date.parse(at ?? '') };
  });
  const isMore = element(xml.replace(/<Contents>.*?<\/Contents>/gs, ''), 'IsTruncated') === 'true';
  const next = element(xml, 'NextContinuationToken');
  if (isMore && next === undefined) throw new S3Error(0, 'archive: the list of objects does not say how it goes on');
  return { objects, next: isMore ? next : undefined };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, named) => {
    if (decimal !== undefined || hex !== undefined) {
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    }
    return ENTITIES[named] ?? whole;
  });
}

/** Of an answer that says what failed. */
async function codeOf(response: Dispatcher.ResponseData): Promise<string | undefined> {
  const text = await textOf(response).catch(() => '');
  return /^[A-Za-z0-9]{1,64}$/.exec(element(text, 'Code') ?? '')?.[0];
}

async function textOf(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES) throw new S3Error(0, 'archive: the answer is too long');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
