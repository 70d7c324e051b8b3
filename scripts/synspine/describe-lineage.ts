import type { ReleaseManifest } from '../../packages/protocol/src/index.ts';

/** What a verified manifest says of how its images came about: the training, and the weights that it went on from. */
export function describeLineage(manifest: ReleaseManifest): string[] {
  const { training, preset, lineage } = manifest;
  const { films, patients } = training;
  const planned = lineage?.imagesPlanned ? ` of ${lineage.imagesPlanned} planned` : '';
  return [
    `training   ${preset}${version(manifest)}, ${training.loss}, ${training.imagesShown} images shown${planned}, ${films.train} films of ${patients.train} patients`,
    ...describeSettings(manifest),
  ];
}

const round = (value: number) => Number(value.toPrecision(3)).toString();
const version = ({ lineage }: ReleaseManifest) => (lineage ? ` version ${lineage.presetVersion}` : '');

function describeSettings({
  agentVersion,
  tensorflowVersion,
  synthetic,
  lineage,
}: ReleaseManifest): string[] {
  const code = `code       synspine-site ${agentVersion}, TensorFlow ${tensorflowVersion}`;
  const sampled = `seed ${synthetic.seed}, psi ${synthetic.psi}`;
  if (!lineage) return [code, `sampled    ${sampled}`, 'lineage    not told: of an agent before 0.2'];
  const { seed, precision, ganLoss, judge, ancestors, origin } = lineage;
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const judged = judge
    ? `weight ${judge.weight}, mean ${round(judge.lambdaMean)} over ${judge.imagesShown} images (${percent(judge.share)}), held for ${percent(judge.heldShare)}`
    : 'none';
  return [
    code,
    `settings   seed ${seed}, ${precision}, ${ganLoss} loss`,
    `judge      ${judged}`,
    `sampled    ${sampled}`,
    ...ancestors.map((ancestor) => `started    from ${describeAncestor(ancestor)}`),
    `origin     ${origin === 'random' ? 'random weights' : 'unknown'}`,
  ];
}

type Ancestor = NonNullable<ReleaseManifest['lineage']>['ancestors'][number];

function describeAncestor({ kind, sha256, release }: Ancestor): string {
  const known = release
    ? `: ${release.siteId} version ${release.version}, manifest ${release.manifestSha256}`
    : '';
  return `a ${kind}, file ${sha256}${known}`;
}
