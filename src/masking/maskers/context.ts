/** What maskers share in one database and session: the token key, and the scan for what a value alone tells. */
import type { ColumnClass } from '../../classify/classes.ts';
import { maskScanned } from '../../classify/scan-text.ts';
import { KeyedHash } from '../keyed-hash.ts';
import type { MaskMode } from '../plan.ts';

/** Masks what can be told from a text alone; gives the very same string where there is nothing. */
export type TextScan = (text: string) => string;

export interface MaskContext {
  readonly hash: KeyedHash;
  /** For values that clients gave, where they would compare with others' by what is shown of them. Missing: `hash`. */
  readonly givenHash?: KeyedHash;
  readonly scan: TextScan;
}

/** `tokenKey`: of the database, 16 to 32 bytes. */
export function maskContext(tokenKey: Uint8Array): MaskContext {
  return { hash: new KeyedHash(tokenKey), scan: maskScanned };
}

/** With the hash that a mask is made with. */
export function hashedFor<Context extends MaskContext>(mask: { readonly given?: true }, context: Context): Context {
  return mask.given === true && context.givenHash !== undefined ? { ...context, hash: context.givenHash } : context;
}

export interface Mask {
  readonly class: ColumnClass;
  readonly mode: MaskMode;
}

/** First byte of what is hashed: values of different kinds that have the same bytes get different tokens. */
export const HashTag = { text: 1, integer: 2, number: 3, date: 4, uuid: 5, address: 6, bytes: 7 } as const;
