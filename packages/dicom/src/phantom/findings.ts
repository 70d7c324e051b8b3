/** The labels of the paper's multi-conditional GAN, in its order. */
export const FINDINGS = [
  'No finding',
  'Disc space narrowing',
  'Foraminal stenosis',
  'Osteophytes',
  'Spondylolisthesis',
  'Surgical implant',
  'Vertebral collapse',
  'Other lesions',
] as const;

export type Finding = (typeof FINDINGS)[number];
export type View = 'AP' | 'LAT';

/** Abnormal if anything was found; the paper's code called a film with a single annotation normal. */
export function labelOf(finding: Finding): 'normal' | 'abnormal' {
  return finding === 'No finding' ? 'normal' : 'abnormal';
}
