/** Finds where in a tree the secrets are: passwords of roles and user mappings, connection strings of subscriptions. */
import { as, child, isTree, list, location, type Tree, text, unwrap } from './tree.ts';

const SECRET_OPTIONS = new Set(['password', 'passwd', 'sslpassword', 'passcode', 'secret', 'token']);

/** Byte offsets at or just before the secret literals; `whole`: a nested text may hold one, so all literals go. */
export interface SecretPlaces {
  readonly offsets: readonly number[];
  readonly whole: boolean;
}

const NESTED = new Set(['CreateFunctionStmt', 'DoStmt', 'CreateSubscriptionStmt', 'AlterSubscriptionStmt']);

/** `node`: a wrapped statement; `start`: its byte offset. */
export function secretPlaces(node: Tree): SecretPlaces {
  const offsets: number[] = [];
  let whole = false;
  const visit = (tree: Tree): void => {
    const [type, inner] = unwrap(tree) ?? ['', tree];
    if (NESTED.has(type)) whole = true;
    if (type === 'DefElem') {
      const name = (text(inner, 'defname') ?? '').toLowerCase();
      if (SECRET_OPTIONS.has(name) && as(child(inner, 'arg'), 'String') !== undefined)
        offsets.push(location(inner) ?? 0);
    }
    if (type === 'FuncCall' && list(inner, 'args').length > 0) {
      // dblink('… password=…') and its like: any call beside such a word.
      const name = list(inner, 'funcname');
      const last = as(name.at(-1), 'String');
      if (text(last ?? {}, 'sval')?.startsWith('dblink')) whole = true;
    }
    for (const value of Object.values(inner)) {
      if (isTree(value)) visit(value);
      else if (Array.isArray(value)) for (const item of value) if (isTree(item)) visit(item);
    }
  };
  visit(node);
  return { offsets, whole };
}
