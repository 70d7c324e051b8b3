import { type ApprovalUnit, proveApproval, SEED } from './approval/prove-approval.ts';

/** Of the patients: as many as leave enough to train on. */
const full: ApprovalUnit = {
  key: 'phantoms',
  title: 'phantoms of 3,000 patients',
  patients: 3_000,
  flags: [],
  holdOut: 0.5,
  wanted: ['approve'],
};
const quick: ApprovalUnit = {
  ...full,
  title: 'phantoms of 60 patients',
  patients: 60,
  flags: ['--images-shown', '800', '--synthetic-count', '64', '--no-filters'],
  holdOut: 0.4,
};

export const proof = proveApproval(
  { full: [full], quick: [quick] },
  `Half of the patients are held out. Films: \`synspine-site phantoms\`, seed ${SEED}.`,
);
