import type { HelpConfiguration } from 'commander';
import { foldLine } from './fold-line.ts';

/** Room that a description needs beside its term; with less it stands below. */
const LEAST_BESIDE = 24;
const BELOW = ' '.repeat(6);

/** How commander lays help out, so that no line but what is to be typed is wider than the terminal, however narrow. */
export function helpLayout(columns: number): HelpConfiguration {
  return {
    minWidthToWrap: 20,
    styleUsage: (usage) => foldLine(`Usage: ${usage}`, columns, BELOW.length).join('\n').slice('Usage: '.length),
    formatItem(term, termWidth, description, helper) {
      if (columns - termWidth - 4 >= LEAST_BESIDE) {
        return Object.getPrototypeOf(helper).formatItem.call(helper, term, termWidth, description, helper);
      }
      const text = helper.boxWrap(description, columns - BELOW.length);
      return [`  ${term}`, ...text.split('\n').map((line) => BELOW + line)].join('\n');
    },
  };
}
