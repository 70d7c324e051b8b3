import { expect, it } from 'vitest';
import { releaseManifest } from '../../packages/protocol/src/index.ts';
import { describeLineage } from './describe-lineage.ts';

const { lineage } = releaseManifest.shape;
type Manifest = Parameters<typeof describeLineage>[0];

const counts = { train: 100, validation: 20, heldOut: 40 };
const manifest = {
  agentVersion: '0.2.0',
  tensorflowVersion: '2.21.0',
  preset: 'small-64',
  synthetic: { seed: 7, psi: 0.9, imagesPerClass: [10, 12] },
  training: { loss: 'spinegan', imagesShown: 80_000, fit: 'squeeze', films: counts, patients: counts },
  lineage: lineage.parse({
    presetVersion: 2,
    ganLoss: 'relativistic',
    precision: 'bfloat16',
    seed: 11,
    imagesPlanned: 96_000,
    judge: { weight: 0.2, imagesShown: 60_000, share: 0.75, lambdaMean: 0.15, heldShare: 0.1 },
    ancestors: [
      { sha256: 'a'.repeat(64), kind: 'checkpoint', release: null },
      {
        sha256: 'b'.repeat(64),
        kind: 'release',
        release: { siteId: 'alder', version: 3, manifestSha256: 'c'.repeat(64) },
      },
    ],
    origin: 'random',
  }),
} as Manifest;

it('says what the weights came of, step by step', () => {
  const text = describeLineage(manifest).join('\n');
  for (const part of [
    'small-64 version 2, spinegan, 80000 images shown of 96000 planned, 100 films of 100 patients',
    'synspine-site 0.2.0, TensorFlow 2.21.0',
    'seed 11, bfloat16, relativistic loss',
    'weight 0.2, mean 0.15 over 60000 images (75 %), held for 10 %',
    'seed 7, psi 0.9',
    `from a checkpoint, file ${'a'.repeat(64)}\nstarted    from a release, file ${'b'.repeat(64)}: alder version 3`,
    'origin     random weights',
  ])
    expect(text).toContain(part);
});

it('says of an older release that it tells no lineage', () => {
  const text = describeLineage({ ...manifest, lineage: undefined }).join('\n');
  expect(text).toContain('lineage    not told');
  expect(text).not.toContain('version 2');
});
