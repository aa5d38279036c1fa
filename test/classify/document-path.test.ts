import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ELEMENTS, keyOf, keyStep, stepsBelow, stepsOf } from '../../src/classify/document-path.ts';
import { jsonValues } from '../../src/classify/scan-json.ts';

describe('paths into documents', () => {
  it('tell keys as they are, whatever is in them', () => {
    const key = fc.oneof(fc.constantFrom('', '.', '[]', '\\', 'a.b', '\\e', 'e', '\\.'), fc.string());
    fc.assert(
      fc.property(fc.array(fc.option(key, { nil: undefined })), (keys) => {
        const path = keys.map((one) => (one === undefined ? ELEMENTS : keyStep(one))).join('.');
        expect(stepsOf(path).map(keyOf)).toEqual(keys);
      }),
    );
  });

  it('are those of a document', () => {
    const paths = jsonValues('{"a.b": {"": ["x", {"[]": 1}]}}')!.map(({ path }) => stepsOf(path).map(keyOf));
    expect(paths).toEqual([
      ['a.b', '', undefined],
      ['a.b', '', undefined, '[]'],
    ]);
    expect(jsonValues('"x"')).toEqual([{ path: '', text: 'x' }]);
  });

  it.each<[string, string[], readonly string[] | undefined]>([
    ['user.name', ['user'], ['name']],
    ['user.name', ['user', 'name'], []],
    ['user.name', ['user', 'name', 'first'], []],
    ['user.name', ['name'], undefined],
    ['user.name', [], ['user', 'name']],
    ['user\\.name', ['user.name'], []],
    ['user\\.name', ['user'], undefined],
    ['2024.name', ['2024', 'name'], []],
    ['2024.name', ['2024'], ['name']],
    ['[].name', ['0', 'name'], []],
    ['[].name', ['[]', 'name'], []],
    ['[].name', ['name'], []],
    ['a.[].name', ['a'], ['[]', 'name']],
    ['a.[].name', ['a', '3'], ['name']],
    ['a.[].name', ['a', 'name'], []],
    ['a.[].name', ['a', 'mail'], undefined],
    ['', ['a'], []],
  ])('%s below %j', (path, wanted, below) => {
    expect(stepsBelow(stepsOf(path), wanted)).toEqual(below);
  });
});
