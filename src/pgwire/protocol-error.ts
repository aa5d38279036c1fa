import { DbgateError, type DbgateErrorOptions } from '../errors.ts';

/** A peer broke the PostgreSQL protocol. The message names the protocol message, the expected and the actual. */
export class ProtocolError extends DbgateError {
  constructor(message: string, options: DbgateErrorOptions = {}) {
    super('protocol', message, { sqlstate: '08P01', ...options });
    this.name = 'ProtocolError';
  }
}

/** A message of another length than its contents say. */
export function lengthError(message: string, expected: string, actual: number): ProtocolError {
  return new ProtocolError(`invalid ${message} message: expected ${expected}, got ${actual} bytes`);
}
