/** What clients of the session's models send: texts as `ModelServer` runs them, in messages of both protocols. */
import fc from 'fast-check';
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  FLUSH,
  SYNC,
} from '../../../src/pgwire/extended.ts';
import { encodeQuery } from '../../../src/pgwire/query.ts';
import { copyData, copyDone, copyFail } from './backend-messages.ts';

const TEXTS = [
  'mask',
  'pass',
  'byworld',
  'byschema',
  'set search_path other',
  'set search_path public',
  'alter t',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'rollback to a',
  'fail',
  'declare c mask',
  'declare c pass',
  'declare c byworld',
  'declare c mask hold',
  'declare c pass hold',
  'declare d byschema hold',
  'close c',
  'fetch c',
  'fetch d',
  'prepare s mask',
  'prepare s byworld',
  'prepare s pass',
  'execute s',
  'deallocate s',
  'copymask',
  '',
];
const HELD_TEXTS = ['hold mask', 'hold pass', 'hold byworld', 'hold byschema', 'hold alter t', 'hold fail'];
/** What any client may send. */
export const texts = fc.constantFrom(...TEXTS);
/** What needs an approval. */
export const heldTexts = fc.constantFrom(...HELD_TEXTS);
const statementName = fc.constantFrom('', 'p', 's');
const portalName = fc.constantFrom('', 'c', 'd');
/** Groups of messages that run them by either protocol, whole and in parts. */
export const messagesOf = (texts: fc.Arbitrary<string>) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(texts, { minLength: 1, maxLength: 3 }).map((all) => [encodeQuery(all.join('; '))]),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(texts, statementName, portalName, fc.nat(2), fc.boolean(), fc.boolean())
        .map(([text, statement, portal, limit, described, syncs]) => [
          encodeParse(statement, text),
          encodeBind(portal, statement, []),
          ...(described ? [encodeDescribe('P', portal)] : []),
          encodeExecute(portal, limit),
          syncs ? SYNC : FLUSH,
        ]),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(statementName, portalName)
        .map(([statement, portal]) => [encodeBind(portal, statement, []), encodeExecute(portal, 1), SYNC]),
    },
    { weight: 2, arbitrary: portalName.map((portal) => [encodeExecute(portal, 1)]) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(texts, portalName)
        .map(([text, portal]) => [encodeParse('', text), encodeBind(portal, '', []), FLUSH]),
    },
    { weight: 1, arbitrary: portalName.map((portal) => [encodeClose('P', portal)]) },
    { weight: 1, arbitrary: statementName.map((statement) => [encodeClose('S', statement)]) },
    { weight: 2, arbitrary: fc.constant([SYNC]) },
  );

/** A Query behind an error of a batch that is open would be discarded, and never answered. */
export function inBatches(messages: readonly Buffer[]): Buffer[] {
  const isWhole = (one: Buffer): boolean => one[0] === 0x51 || one[0] === 0x46;
  const ends = (one: Buffer | undefined): boolean => one === undefined || isWhole(one) || one[0] === 0x53;
  return messages.flatMap((one, i) => (isWhole(one) && !ends(messages[i - 1]) ? [SYNC, one] : [one]));
}

/** Messages that are owed a ReadyForQuery. */
export function batchesOf(messages: readonly Buffer[]): number {
  return messages.filter(([type]) => type === 0x51 || type === 0x53 || type === 0x46).length;
}

/** What policy asks about, what depends on rights that come and go, and what fails midway. */
const MORE_TEXTS = [
  'lifted',
  'maskfail',
  'copybreak',
  'copybyschema',
  'reset all',
  'declare c lifted',
  'declare d lifted hold',
  'prepare s lifted',
  'prepare s byschema',
  'write need',
  'write 1',
  'call 1',
  'own t',
  'own foreign',
  'create t',
  'deny it',
];

/** A few of all texts: what goes wrong takes few of them, more than once. */
export const someTexts = fc
  .subarray([...TEXTS, ...MORE_TEXTS, ...MORE_TEXTS, ...HELD_TEXTS], { minLength: 2, maxLength: 9 })
  .map((some) => fc.constantFrom(...some, 'begin'));

/** COPY FROM STDIN to its end, as a client sends it that does not wait for the server's word. */
export const copies = fc
  .tuple(fc.nat(99), fc.boolean(), fc.array(fc.constantFrom('1\n', 'bad\n'), { maxLength: 3 }), fc.boolean(), fc.nat(3))
  .map(([n, isSimple, rows, isDone, before]) => {
    const text = `${['', '', 'fail; ', 'begin; '][before]}copyin ${n}`;
    const data = [...rows.map(copyData), isDone ? copyDone : copyFail];
    if (isSimple) return [encodeQuery(text), ...data];
    // Of a name that nobody else binds: whoever runs it must end it.
    const prepared = [encodeClose('S', 'k'), encodeParse('k', `copyin ${n}`)];
    return [...prepared, encodeBind('', 'k', []), encodeExecute(''), ...data, SYNC];
  });
