/** The thread that looks long texts through, while they are analysed in another. */
import type { ScannedText } from '../sql/facts.ts';
import { serveLane } from './lane-thread.ts';
import { buffersOf, scannedText } from './scanned-text.ts';

export interface TextRequest {
  readonly sql: string;
}

export interface TextResult {
  readonly scanned: ScannedText;
}

serveLane<TextRequest, TextResult>({
  answer: ({ sql }) => ({ scanned: scannedText(sql) }),
  transfers: ({ scanned }) => buffersOf(scanned),
  reportEvery: 1,
});
