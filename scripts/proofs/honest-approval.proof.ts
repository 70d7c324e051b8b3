import { type ApprovalUnit, proveApproval, SEED } from './approval/prove-approval.ts';

/** As many patients as the hospital's table asks for P6 at 1 %, and divided as the agent divides them. */
const full: ApprovalUnit = {
  key: 'phantoms',
  title: 'phantoms of 5,000 patients',
  patients: 5_000,
  preset: 'small-32',
  flags: [],
  wanted: ['approve'],
};
const quick: ApprovalUnit = {
  ...full,
  title: 'phantoms of 60 patients',
  patients: 60,
  preset: 'demo-32',
  flags: ['--images-shown', '800', '--synthetic-count', '64', '--no-filters'],
  split: { validation: 0.1, holdOut: 0.4 },
};

export const proof = proveApproval(
  { full: [full], quick: [quick] },
  `Preset small-32; 60 % of the patients train, 15 % choose the generator, 25 % are held out. Films: \`synspine-site phantoms\`, seed ${SEED}.`,
);
