/** What a server says, for scripts. */
import { encodeErrorResponse, encodeNoticeResponse } from '../../../src/pgwire/error-response.ts';
import { encodeMessage, int16, int32 } from '../../../src/pgwire/message.ts';
import {
  encodeCommandComplete,
  encodeDataRow,
  encodeParameterStatus,
  encodeRowDescription,
  readyForQuery,
} from '../../../src/pgwire/result.ts';

export const parseComplete = encodeMessage('1');
export const bindComplete = encodeMessage('2');
export const closeComplete = encodeMessage('3');
export const noData = encodeMessage('n');
export const emptyQuery = encodeMessage('I');
export const suspended = encodeMessage('s');
export const parameterDescription = encodeMessage('t', int16(0));
export const copyInResponse = encodeMessage('G', Buffer.of(0), int16(1), int16(0));
export const copyOutResponse = encodeMessage('H', Buffer.of(0), int16(1), int16(0));
export const copyBothResponse = encodeMessage('W', Buffer.of(0), int16(0));
export const copyDone = encodeMessage('c');
export const copyFail = encodeMessage('f', Buffer.from('no\0'));
export const functionCall = encodeMessage('F', int32(1), int16(0), int16(0), int16(0));
export const notification = encodeMessage('A', int32(7), Buffer.from('channel\0payload\0'));
export const rowDescription = encodeRowDescription([
  { name: 'v', tableOid: 0, attnum: 0, typeOid: 25, typeSize: -1, typeModifier: -1, format: 0 },
]);

export const copyData = (text: string): Buffer => encodeMessage('d', Buffer.from(text));
export const row = (...values: (string | null)[]): Buffer => encodeDataRow(values);
export const complete = (tag: string): Buffer => encodeCommandComplete(tag);
export const ready = (status: 'I' | 'T' | 'E' = 'I'): Buffer => readyForQuery(status);
export const error = (code: string, severity = 'ERROR'): Buffer =>
  encodeErrorResponse({ severity, code, message: 'as the server says' });
export const notice = encodeNoticeResponse({ severity: 'NOTICE', code: '00000', message: 'hear' });
export const status = (name: string, value: string): Buffer => encodeParameterStatus(name, value);
