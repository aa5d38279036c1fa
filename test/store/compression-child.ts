/** Compresses the segment that it is given, again and again, and is killed at it. */
import { clearUnfinished, compressSegment, expandSegment } from '../../src/store/segment-compression.ts';

const [dir, segment] = [process.argv[2]!, Number(process.argv[3])];
await clearUnfinished(dir);
process.stdout.write('begin\n');
for (;;) {
  await compressSegment(dir, segment);
  await expandSegment(dir, segment);
}
