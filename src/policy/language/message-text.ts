/** Placeholders in a rule's texts: `{command} on {environment} is not allowed{subject}`. */
import { type Question, quoted } from '../rule.ts';

export const PLACEHOLDERS = ['command', 'environment', 'database', 'tier', 'subject'] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

const PLACE = /\{([^{}]*)\}/g;

/** The first that is not in the language. */
export function unknownPlaceholder(text: string): string | undefined {
  for (const [, name = ''] of text.matchAll(PLACE)) {
    if (!(PLACEHOLDERS as readonly string[]).includes(name)) return name;
  }
  return undefined;
}

/** `{subject}` is `: "name"`, or nothing where there is none. */
export function fillIn(text: string, { facts, context, tier }: Question, subject: string | undefined): string {
  if (!text.includes('{')) return text;
  const values: Readonly<Record<Placeholder, string>> = {
    command: facts.command,
    environment: context.environment,
    database: context.database,
    tier,
    subject: quoted(subject),
  };
  return text.replace(PLACE, (_, name: Placeholder) => values[name]);
}
