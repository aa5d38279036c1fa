/**
 * Who signs checkpoints: a key in a file of the state directory, or a command that has it signed elsewhere (KMS, HSM).
 * A command gets the bytes to sign on stdin and gives the Ed25519 signature, 64 bytes or their base64, on stdout.
 */
import { spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DbgateError, ErrorCode } from '../../errors.ts';
import { firstKeyLine, type KeyChain, keyChangeLine, keyChangeText, parseKeyChain } from './key-chain.ts';
import { type NoteKey, noteKey, publicKeyOf, rawPublicKey } from './note.ts';

export interface TreeSigner {
  readonly key: NoteKey;
  sign(text: string): Promise<Buffer>;
}

export interface SignerCommand {
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  /** PEM. */
  readonly publicKey: string;
}

const COMMAND_TIMEOUT_MS = 5_000;
const MAX_OUTPUT_BYTES = 4096;
const SIGNATURE_BYTES = 64;

const keyPath = (stateDir: string): string => join(stateDir, 'tree.key');
const nextKeyPath = (stateDir: string): string => join(stateDir, 'tree.key.next');
export const keyChainPath = (stateDir: string): string => join(stateDir, 'tree.keys');

export interface OpenSignerOptions {
  readonly stateDir: string;
  /** As configured; undefined: as the tree has it already, else `defaultOrigin`. */
  readonly origin: string | undefined;
  readonly defaultOrigin: string;
  /** Undefined: the key is in a file, made when there is none. */
  readonly command: SignerCommand | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface OpenedSigner {
  readonly signer: TreeSigner;
  readonly chain: KeyChain;
  /** The key was made just now. */
  readonly isNew: boolean;
}

/** Throws `config` when the key is not the one that the chain ends with. */
export function openSigner(options: OpenSignerOptions): OpenedSigner {
  const { stateDir, command } = options;
  let chain = readKeyChain(stateDir);
  const known = chain?.keys[0]?.name;
  const origin = options.origin ?? known ?? options.defaultOrigin;
  if (known !== undefined && known !== origin) {
    throw new DbgateError(ErrorCode.config, `the tree in ${stateDir} is of ${known}, not of ${origin}`, {
      hint: 'the name of a tree stays: take audit.origin out, or give the gateway a state_dir of its own',
    });
  }
  let isNew = false;
  let signer: TreeSigner;
  if (command !== undefined) signer = commandSigner(command, origin);
  else {
    const privateKey = readPrivateKey(keyPath(stateDir)) ?? makePrivateKey(stateDir, chain);
    isNew = chain === undefined;
    signer = fileSigner(privateKey, origin);
    const next = readPrivateKey(nextKeyPath(stateDir));
    if (next !== undefined && chain !== undefined && chain.keys.at(-1)!.vkey === fileSigner(next, origin).key.vkey) {
      // A rotation was cut short between its two steps.
      renameSync(nextKeyPath(stateDir), keyPath(stateDir));
      signer = fileSigner(next, origin);
    }
  }
  if (chain === undefined) {
    writeDurably(keyChainPath(stateDir), firstKeyLine(signer.key, new Date(options.now()).toISOString()));
    chain = readKeyChain(stateDir)!;
  }
  const last = chain.keys.at(-1)!;
  if (last.vkey !== signer.key.vkey) {
    const where = command === undefined ? keyPath(stateDir) : 'audit.signer';
    throw new DbgateError(ErrorCode.config, `${where} is not the key that ${keyChainPath(stateDir)} ends with`, {
      hint: 'a change of the key is signed by the old one: dbgate audit rotate-key',
    });
  }
  return { signer, chain, isNew };
}

export function readKeyChain(stateDir: string): KeyChain | undefined {
  try {
    return parseKeyChain(readFileSync(keyChainPath(stateDir), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Says whether the key changed since: inode and time of both files. */
export function keyStamp(stateDir: string): string {
  const of = (path: string): string => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? '-' : `${stat.ino}.${stat.mtimeMs}.${stat.size}`;
  };
  return `${of(keyPath(stateDir))} ${of(keyChainPath(stateDir))}`;
}

/**
 * The old key signs the new one, and both stay in `tree.keys`. A running gateway takes it up with its next checkpoint.
 * `publicKey` (PEM): the new key is elsewhere; undefined: it is made here.
 */
export async function rotateKey(
  stateDir: string,
  { signer, publicKey, now }: { signer: TreeSigner; publicKey: string | undefined; now: () => number },
): Promise<NoteKey> {
  const { name } = signer.key;
  let next: NoteKey;
  if (publicKey === undefined) {
    const made = generateKeyPairSync('ed25519').privateKey;
    writeDurably(nextKeyPath(stateDir), made.export({ format: 'pem', type: 'pkcs8' }) as string);
    next = noteKey(name, rawPublicKey(made));
  } else next = noteKey(name, rawPublicKey(parsePublicKey(publicKey)));
  const at = new Date(now()).toISOString();
  const signature = await signer.sign(keyChangeText(signer.key, next, at));
  const path = keyChainPath(stateDir);
  const line = keyChangeLine(signer.key, next, at, signature);
  parseKeyChain(readFileSync(path, 'utf8') + line);
  appendFileSync(path, line);
  syncFile(path);
  if (publicKey === undefined) {
    try {
      renameSync(nextKeyPath(stateDir), keyPath(stateDir));
    } catch (error) {
      // A running gateway has seen the new chain and done it already.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return next;
}

function fileSigner(privateKey: KeyObject, origin: string): TreeSigner {
  return {
    key: noteKey(origin, rawPublicKey(privateKey)),
    sign: async (text) => sign(null, Buffer.from(text), privateKey),
  };
}

function readPrivateKey(path: string): KeyObject | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DbgateError(ErrorCode.config, `cannot read ${path}`, { cause: error });
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new DbgateError(ErrorCode.config, `${path} is not a PEM private key`, { cause: error });
  }
}

function makePrivateKey(stateDir: string, chain: KeyChain | undefined): KeyObject {
  if (chain !== undefined) {
    throw new DbgateError(ErrorCode.config, `${keyPath(stateDir)} is missing, and checkpoints were signed with it`, {
      hint: 'put the key back where it was',
    });
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  writeDurably(keyPath(stateDir), privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
  return privateKey;
}

function writeDurably(path: string, text: string): void {
  const aside = `${path}.tmp`;
  writeFileSync(aside, text, { mode: 0o600 });
  syncFile(aside);
  renameSync(aside, path);
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function parsePublicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw new DbgateError(ErrorCode.config, 'not a PEM public key', { cause: error });
  }
}

export function commandSigner({ command, publicKey }: SignerCommand, origin: string): TreeSigner {
  const key = noteKey(origin, rawPublicKey(parsePublicKey(publicKey)));
  return {
    key,
    async sign(text) {
      const output = await runSigner(command, text);
      const ascii = output.toString('latin1').trim();
      const signature =
        output.length === SIGNATURE_BYTES
          ? output
          : /^[A-Za-z0-9+/]{86}==$/.test(ascii)
            ? Buffer.from(ascii, 'base64')
            : output;
      if (signature.length !== SIGNATURE_BYTES || !verify(null, Buffer.from(text), publicKeyOf(key), signature)) {
        throw new Error(`what ${command[0]} gave is not a signature of audit.signer.public_key`);
      }
      return signature;
    },
  };
}

function runSigner([program, ...args]: readonly string[], input: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: COMMAND_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const parts: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (part: Buffer) => {
      length += part.length;
      if (length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      else parts.push(part);
    });
    // A program that does not read its input still may sign.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(parts));
      else reject(new Error(`${program} ended with ${code ?? `${signal} (at most ${COMMAND_TIMEOUT_MS / 1000} s)`}`));
    });
  });
}
