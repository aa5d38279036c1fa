/** What `audit:` of gateway.yaml says; read by `gateway-schema.ts`. */
export interface AuditSettings {
  readonly durability: 'sync' | 'async';
  /** A segment file is sealed at this size. */
  readonly segmentBytes: number;
  /** Undefined: as if nothing of it stood in the file. */
  readonly tree?: TreeSettings | undefined;
  /** Undefined: all is kept for ever. */
  readonly retention?: RetentionSettings | undefined;
  /** Undefined: the record is here only. */
  readonly archive?: ArchiveSettings | undefined;
}

/** A bucket, and who writes to it. */
export interface S3Settings {
  /** URL without a slash at its end. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Of all names; ends with a slash. */
  readonly prefix: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly objectLockDays: number | undefined;
}

export interface ArchiveSettings {
  readonly s3: S3Settings;
  /** How old what is archived is at least, and how old a segment gets. */
  readonly afterMs: number;
  /** Undefined: what is archived is kept here too. */
  readonly keepLocalMs: number | undefined;
}

/** How long the record is kept; undefined: for ever. */
export interface RetentionSettings {
  /** Texts, values and names. */
  readonly bodiesMs: number | undefined;
  /** The same, of statements that touch columns of these classes. */
  readonly classesMs?: Readonly<Record<string, number>> | undefined;
  /** Everything. */
  readonly recordsMs: number | undefined;
}

/** Of the Merkle tree over the record. */
export interface TreeSettings {
  /** First line of every checkpoint; undefined: as the tree has it, else `dbgate/<gatewayId>`. */
  readonly origin: string | undefined;
  /** Undefined: the key is `tree.key` in the state directory. */
  readonly signer: SignerSettings | undefined;
  readonly witnesses: readonly WitnessSettings[];
}

/** Signs elsewhere (KMS, HSM): bytes on stdin, the Ed25519 signature on stdout. */
export interface SignerSettings {
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  /** PEM. */
  readonly publicKey: string;
}

/** Who is told of checkpoints, so that what was signed cannot be taken back. */
export type WitnessSettings = {
  /** Shown in health and messages. */
  readonly name: string;
  readonly everyMs: number;
} & (
  | {
      readonly kind: 'url';
      /** Prefix of a C2SP tlog-witness, without a slash at its end. */
      readonly url: string;
      /** Its vkey, of type cosignature. */
      readonly key: string;
    }
  /** `directory`: a work tree; `remote` undefined: nothing is pushed. */
  | { readonly kind: 'git'; readonly directory: string; readonly remote: string | undefined }
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
  | { readonly kind: 'file'; readonly path: string }
  /** Each checkpoint is an object of its own, best under a lock. */
  | { readonly kind: 's3'; readonly s3: S3Settings }
);
