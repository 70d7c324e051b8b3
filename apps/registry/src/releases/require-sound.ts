import { ProblemError, type QualityScore, type ReleaseManifest } from '@synspine/protocol';

const BATCH_MAX = 64; // a training ends with a whole batch, so it may show a few images more than planned
const SHARE_METRICS: readonly string[] = ['precision', 'recall', 'coverage', 'label-fidelity'];

/**
 * What a new release must tell, as every agent from 0.2 on does, and what can't be so at the same time. Older releases told less, so
 * readers don't ask for it. Throws MANIFEST_INVALID, naming the field.
 */
export function requireSound(manifest: ReleaseManifest): void {
  const fault =
    missingIn(manifest) ?? miscountedIn(manifest) ?? faultInLineage(manifest) ?? faultInQuality(manifest);
  if (fault) throw new ProblemError('MANIFEST_INVALID', fault);
}

function missingIn({ lineage, synthetic }: ReleaseManifest): string | undefined {
  if (!lineage) return 'lineage: every agent from 0.2 on tells it';
  if (!synthetic.candidates) return 'synthetic.candidates: every agent from 0.2 on tells them';
  return undefined;
}

function miscountedIn({ training, synthetic }: ReleaseManifest): string | undefined {
  if (synthetic.imagesPerClass.includes(0)) return 'synthetic.imagesPerClass: a class without an image';
  if (training.imagesShown === 0) return 'training.imagesShown: no training';
  for (const part of ['train', 'validation', 'heldOut'] as const) {
    const [films, patients] = [training.films[part], training.patients[part]];
    if (patients === 0 || films < patients)
      return `training.films.${part}: fewer films than patients, or none`;
  }
  return undefined;
}

function faultInLineage({ training, lineage }: ReleaseManifest): string | undefined {
  const { judge, imagesPlanned = Number.POSITIVE_INFINITY } = lineage!;
  if (training.imagesShown > imagesPlanned + BATCH_MAX) return 'lineage.imagesPlanned: fewer than were shown';
  if (judge === null) return undefined;
  const share = judge.imagesShown / training.imagesShown;
  if (share > 1 || Math.abs(share - judge.share) > 0.001)
    return 'lineage.judge: its share is not that of its images';
  if (judge.lambdaMean > judge.weight) return 'lineage.judge: a mean weight above the weight';
  return undefined;
}

function faultInQuality({ quality }: ReleaseManifest): string | undefined {
  const isWrong = ({ value, ciLow, ciHigh }: Pick<QualityScore, 'value' | 'ciLow' | 'ciHigh'>, max: number) =>
    !(ciLow <= value && value <= ciHigh && value <= max);
  const wrong = quality.scores.find((score) => {
    const max = SHARE_METRICS.some((metric) => score.metric.startsWith(metric))
      ? 1
      : Number.POSITIVE_INFINITY;
    return isWrong(score, max) || (score.floor && isWrong(score.floor, max));
  });
  return wrong && `quality: ${wrong.metric} is outside its interval or its range`;
}
