/** What `audit:` of gateway.yaml says; read by `gateway-schema.ts`. */
export interface AuditSettings {
  readonly durability: 'sync' | 'async';
  /** A segment file is sealed at this size. */
  readonly segmentBytes: number;
  /** Undefined: as if nothing of it stood in the file. */
  readonly tree?: TreeSettings | undefined;
  /** Undefined: all is kept for ever. */
  readonly retention?: RetentionSettings | undefined;
}

/** How long the record is kept; undefined: for ever. */
export interface RetentionSettings {
  /** Texts, values and names. */
  readonly bodiesMs: number | undefined;
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
);
