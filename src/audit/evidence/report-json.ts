import type { Evidence } from './evidence.ts';

/** Evidence as JSON; the proofs are files beside it. */
export function evidenceJson(evidence: Evidence): Omit<Evidence, 'proofs'> {
  const { proofs: _, ...rest } = evidence;
  return rest;
}
