/**
 * The files that gateway.yaml includes: `include: policy/*.yaml`, relative to the file that says so. In: what a file
 * includes. Out: every included file, read and parsed, or faults with their line. A file comes in once: a cycle, or a
 * second mention, is refused.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type Fault, type KeyPath, parseYaml, pathText, type YamlSource } from './yaml-source.ts';

/** A file with grants and rules: gateway.yaml itself, or one that it includes. */
export interface PolicySource {
  /** As it is named in messages. */
  readonly path: string;
  readonly yaml: YamlSource;
}

export interface FileFault extends Fault {
  readonly file: string;
}

export interface PolicySources {
  /** In the order of reading: gateway.yaml first. */
  readonly sources: readonly PolicySource[];
  readonly faults: readonly FileFault[];
  readonly files: readonly string[];
}

const MAX_FILES = 1_000;

export function readIncludes(main: PolicySource): PolicySources {
  const sources: PolicySource[] = [main];
  const faults: FileFault[] = [];
  const seen = new Set([resolve(main.path)]);
  const visit = (source: PolicySource, chain: readonly string[]): void => {
    for (const [pattern, keyPath] of patternsOf(source.yaml.value)) {
      const place = { file: source.path, ...source.yaml.positionOf(keyPath), path: pathText(keyPath) };
      const found = filesOf(pattern, dirname(resolve(source.path)));
      if (found.length === 0) faults.push({ ...place, message: `no file matches ${JSON.stringify(pattern)}` });
      for (const file of found) {
        if (chain.includes(file)) {
          const names = [...chain.slice(chain.indexOf(file)), file].map((one) => relative(dirname(chain[0]!), one));
          faults.push({ ...place, message: `includes itself: ${names.join(' → ')}` });
        } else if (seen.has(file)) {
          faults.push({ ...place, message: `${relative(dirname(chain[0]!), file)} is included twice` });
        } else if (seen.size >= MAX_FILES) {
          faults.push({ ...place, message: `includes more than ${MAX_FILES} files` });
          return;
        } else {
          seen.add(file);
          const included = readSource(file, displayPath(main.path, file), place, faults);
          if (included === undefined) continue;
          sources.push(included);
          visit(included, [...chain, file]);
        }
      }
    }
  };
  visit(main, [resolve(main.path)]);
  return { sources, faults, files: [...seen].slice(1) };
}

function readSource(file: string, path: string, place: FileFault | Omit<FileFault, 'message'>, faults: FileFault[]) {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it cannot be read';
    faults.push({ ...place, message: `cannot read ${path}: ${reason}` });
    return undefined;
  }
  const yaml = parseYaml(text);
  if (yaml.faults.length > 0) {
    faults.push(...yaml.faults.map((fault) => ({ ...fault, file: path })));
    return undefined;
  }
  return { path, yaml };
}

/** What the schema calls a fault is left out here. */
function patternsOf(value: unknown): [string, KeyPath][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const { include } = value as { include?: unknown };
  if (typeof include === 'string') return [[include, ['include']]];
  if (!Array.isArray(include)) return [];
  return include.flatMap((one, i): [string, KeyPath][] => (typeof one === 'string' ? [[one, ['include', i]]] : []));
}

function filesOf(pattern: string, folder: string): string[] {
  if (!/[*?[{]/.test(pattern)) return [resolve(folder, pattern)];
  return globSync(pattern, { cwd: folder })
    .map((name) => resolve(folder, name))
    .sort();
}

function displayPath(main: string, file: string): string {
  const name = relative(dirname(resolve(main)), file);
  const folder = dirname(main);
  return folder === '.' ? name : `${folder}/${name}`;
}
