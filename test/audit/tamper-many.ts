/**
 * `node test/audit/tamper-many.ts [count]`: manipulates copies of a witnessed record at random (10,000 times if not
 * said otherwise), each kind of manipulation in turn, and expects every one to be found. Exits with 1 if one is not.
 */
import { randomInt } from 'node:crypto';
import { MANIPULATIONS, makeWitnessedLog, verify, withCopy } from './tree/tamper.ts';

const count = Number(process.argv[2] ?? 10_000);
const kinds = Object.entries(MANIPULATIONS);
const began = performance.now();
const missed: string[] = [];
const done = new Map<string, number>();
let log = await makeWitnessedLog(60);
for (let i = 0; i < count; i++) {
  if (i % 1000 === 999) {
    log.remove();
    log = await makeWitnessedLog(10 + randomInt(120), 600 + randomInt(4000));
  }
  const [name, manipulate] = kinds[i % kinds.length]!;
  const choices: number[] = [];
  await withCopy(log, async (dir) => {
    manipulate(dir, (n) => {
      const choice = randomInt(n);
      choices.push(choice);
      return choice;
    });
    const { verdict } = await verify(log, dir);
    if (verdict !== 'tampered') missed.push(`${name}, choices ${choices.join(' ')}: ${verdict}`);
  });
  done.set(name, (done.get(name) ?? 0) + 1);
}
log.remove();
for (const [name, times] of done) console.log(`${String(times).padStart(6)}  ${name}`);
for (const one of missed) console.error(`NOT FOUND: ${one}`);
console.log(`${count} manipulations, ${missed.length} not found, ${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exitCode = missed.length === 0 ? 0 : 1;
