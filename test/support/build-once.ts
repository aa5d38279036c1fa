import { build } from '../../build.ts';

/** End-to-end tests drive the built CLI: build it once before anything runs. */
export async function setup(): Promise<void> {
  await build();
}
