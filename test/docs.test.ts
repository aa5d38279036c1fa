/** What the documentation points at is there: files, links, names within a file of the source, tests by their words. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const isThere = (file: string): boolean => existsSync(path.join(root, file));
const docs = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'));
const files = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.map((name) => `docs/${name}`)];

/** `gateway/drift` or `test/gateway/drift.test.ts`. */
function testFile(name: string): string | undefined {
  const inside = name.replace(/^test\//, '');
  const endings = /\.tsx?$/.test(inside) ? [''] : ['.test.ts', '.test.tsx'];
  return endings.map((ending) => `test/${inside}${ending}`).find(isThere);
}

const plain = (text: string): string => text.replaceAll('’', "'").replaceAll("\\'", "'");
/** Ends of titles that begin with what a table fills in: `'%s at start-up is refused'`. */
const filledIn = (text: string): string[] => [...text.matchAll(/['`]%s ([^'`]+)['`]/g)].map(([, end]) => end!);

/** `…` stands for words that are left out. */
function says(text: string, quoted: string): boolean {
  const parts = plain(quoted)
    .split('…')
    .map((part) => part.trim());
  return parts.every((part) => text.includes(part) || filledIn(text).some((end) => part.endsWith(end)));
}

describe.each(files)('%s', (file) => {
  const text = read(file);

  it('names files and links that there are', () => {
    const named = [...text.matchAll(/`((?:src|test|bench|docs|completions|bin)\/[\w./-]+)`/g)].map(([, name]) => name!);
    expect(named.filter((name) => !isThere(name) && testFile(name) === undefined && !isThere(`${name}.ts`))).toEqual(
      [],
    );
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !isThere(path.join(path.dirname(file), link)))).toEqual([]);
  });

  it('names what is in those files', () => {
    const places = [...text.matchAll(/`(src\/[\w./-]+\.tsx?)`, `(#?\w+)`/g)];
    expect(places.filter(([, source, name]) => !read(source!).includes(name!)).map(([place]) => place)).toEqual([]);
  });

  it('names tests by words of theirs', () => {
    const wrong: string[] = [];
    for (const [, name, quotes] of text.matchAll(/`([\w./-]+)`: ((?:"[^"]+"(?:, )?)+)/g)) {
      const source = testFile(name!);
      if (source === undefined) continue;
      const words = plain(read(source));
      for (const [, quoted] of quotes!.matchAll(/"([^"]+)"/g))
        if (!says(words, quoted!)) wrong.push(`${name}: ${quoted}`);
    }
    expect(wrong).toEqual([]);
  });
});
