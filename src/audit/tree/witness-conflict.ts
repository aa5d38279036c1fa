/** The witness has seen another history under this origin. */
export class WitnessConflict extends Error {}
