import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { freePort } from '../../src/demo/free-port.ts';

/** Of 12,000 ports so many by chance are hardly ever all different. */
const PORTS = 500;

it('no port is given twice, not to other processes either', async () => {
  const module = new URL('../../src/demo/free-port.ts', import.meta.url).href;
  const half = PORTS / 2;
  const script = `import { freePort } from ${JSON.stringify(module)};
    const ports = []; for (let i = 0; i < ${half}; i++) ports.push(await freePort());
    console.log(JSON.stringify(ports)); process.stdin.resume();`;
  const ports: number[] = [];
  for (let i = 0; i < half; i++) ports.push(await freePort());
  const others = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { input: '', encoding: 'utf8' }),
  ) as number[];
  expect(new Set([...ports, ...others]).size).toBe(PORTS);
});
