/**
 * What is measured, apart from how it is told. Labels are words of ours and names from the configuration, never what a
 * client sends: each set of labels is a series that somebody pays for.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly histogram: Histogram;
}

/** `name`: as Prometheus wants it: base units, `_total` for counters. */
export type Metric = { readonly name: string; readonly help: string } & (
  | { readonly kind: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
  | { readonly kind: 'histogram'; readonly samples: readonly HistogramSample[] }
);

/** Upper bounds in seconds: from a look-up to a report. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Counts of values up to each bound; observing is a few comparisons and two additions. */
export class Histogram {
  readonly bounds: readonly number[];
  /** Not cumulative; the last is what is larger than every bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[] = LATENCY_BOUNDS) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get count(): number {
    return this.counts.reduce((all, one) => all + one, 0);
  }

  observe(value: number): void {
    const { bounds } = this;
    let i = 0;
    while (i < bounds.length && value > bounds[i]!) i++;
    this.counts[i]!++;
    this.sum += value;
  }
}
