/** What stands behind the `?` of a route. Each throws `usage` for what is none of its kind. */
import { DbgateError } from '../errors.ts';

export function numberOf(q: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const text = q.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new DbgateError('usage', `${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
  }
  return value;
}

/** ISO 8601, or epoch milliseconds. */
export function timeOf(q: URLSearchParams, name: string): number | undefined {
  const text = q.get(name);
  if (text === null) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(value)) throw new DbgateError('usage', `${name} is not a time: ${JSON.stringify(text)}`);
  return value;
}

export function flagOf(q: URLSearchParams, name: string): boolean {
  return q.get(name) === 'true' || q.get(name) === '1';
}
