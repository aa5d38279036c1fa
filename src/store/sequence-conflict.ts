import { DbgateError, ErrorCode } from '../errors.ts';

/** Thrown by `EventLog.append` when the stream is not where the caller believed: read it again, decide again. */
export class SequenceConflict extends DbgateError {
  readonly stream: string;
  readonly expectedSeq: number;
  readonly actualSeq: number;
  constructor(stream: string, expectedSeq: number, actualSeq: number) {
    super(ErrorCode.internal, `stream ${stream} is at ${actualSeq}, expected ${expectedSeq}`);
    this.name = 'SequenceConflict';
    this.stream = stream;
    this.expectedSeq = expectedSeq;
    this.actualSeq = actualSeq;
  }
}
