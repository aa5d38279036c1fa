/** The id of a recorded statement: its session, and its number in that. */
export const STATEMENT_ID = /^([A-Za-z0-9_-]{1,128})\.([1-9]\d{0,14})$/;
