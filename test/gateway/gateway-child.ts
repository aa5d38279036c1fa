/** A gateway in a process of its own, from the sources: a build that another test makes meanwhile does not matter. */
import { runGateway } from '../../src/gateway/server.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await runGateway({ configPath: process.argv[2]!, signal: stop.signal, log: (line) => console.log(line) });
