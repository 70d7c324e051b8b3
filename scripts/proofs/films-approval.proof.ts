import { type ApprovalUnit, proveApproval } from './approval/prove-approval.ts';

const full: ApprovalUnit = {
  key: 'films',
  title: 'the real films, pooled into one site',
  patients: 0,
  flags: [],
  preset: 'demo-32',
  split: { validation: 0.1, holdOut: 0.4 },
  wanted: ['approve', 'reject'],
};
/** Small, it would be `honest-approval`'s own small size, which needs no films. */
export const proof = proveApproval(
  { full: [full], quick: [] },
  'Preset demo-32; two fifths of the patients are held out. All sites’ films in one home.',
);
