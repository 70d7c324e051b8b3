import type { MetricInterval } from '@synspine/metrics';

/** A number with its 95 % interval, as results keep it. */
export type Interval = Pick<MetricInterval, 'value' | 'ciLow' | 'ciHigh'>;

export function toInterval({ value, ciLow, ciHigh }: Interval): Interval {
  return { value, ciLow, ciHigh };
}
