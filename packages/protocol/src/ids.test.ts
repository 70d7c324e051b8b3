import { expect, it } from 'vitest';
import { siteId } from './ids.ts';

it.each(['alder', 'st-mary-2', 'pools', 'a1'])('%s is an id of a site', (id) => {
  expect(siteId.parse(id)).toBe(id);
});

it.each(['pool', 'pooled', 'stratified', 'all-but-alder', 'a', '1a', 'Alder', 'a_b', 'x'.repeat(33)])(
  '%s is none',
  (id) => {
    expect(siteId.safeParse(id).success).toBe(false);
  },
);
