/** What both ends of a connection of many streams (`frames.ts`) take for agreed. */

export const STREAMS_PATH = '/v1/streams';
/** In the `Upgrade` header. */
export const STREAMS_PROTOCOL = 'dbgate-streams';

/** Bytes of a stream that the dialling side takes before they are read: one at 50 ms of round trip has 20 MB/s. */
export const DIALLED_WINDOW = 1 << 20;
/** The same of the gateway, which has such memory for each stream of each person. */
export const SERVED_WINDOW = 512 << 10;
