/**
 * Syslog over TLS, as bytes: messages of RFC 5424, framed by counting octets.
 * @see https://www.rfc-editor.org/rfc/rfc5424 @see https://www.rfc-editor.org/rfc/rfc5425#section-4.3
 */
import type { AuditRecord } from '../record.ts';
import type { Severity } from './severity.ts';

/** log audit */
const FACILITY = 13;
const SEVERITY: Readonly<Record<Severity, number>> = { informational: 6, low: 5, medium: 4, high: 2 };

export interface SyslogMessage {
  readonly at: string;
  readonly severity: Severity;
  /** The gateway. */
  readonly host: string;
  readonly kind: AuditRecord['kind'];
  /** One line of a format. */
  readonly text: string;
}

/** PRINTUSASCII of bounded length; `-` is nothing. */
function token(text: string, max: number): string {
  return text.replace(/[^\u0021-\u007e]/g, '_').slice(0, max) || '-';
}

export function encodeSyslog({ at, severity, host, kind, text }: SyslogMessage): Buffer {
  const priority = FACILITY * 8 + SEVERITY[severity];
  // A byte order mark says that MSG is UTF-8; without it the encoding is the receiver's to guess.
  const message = `<${priority}>1 ${at} ${token(host, 255)} dbgate - ${token(kind, 32)} - \ufeff${text}`;
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}
