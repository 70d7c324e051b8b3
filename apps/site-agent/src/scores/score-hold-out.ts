import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeClassifier, type Parameters, predict } from '@synspine/classifier';
import { initCompute } from '@synspine/compute';
import type { ScoreReport } from '@synspine/protocol';
import { writeJson } from '../durable-file.ts';
import { toBinaryFilms } from '../films/film-set.ts';
import { openHoldOut } from '../films/hold-out.ts';
import { LABEL_SCHEMES } from '../films/label-schemes.ts';
import { loadAtSize } from '../films/master-image.ts';
import type { Home } from '../home.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { ScoreRequest } from '../worker/messages.ts';
import { REPORT_FILE, WEIGHTS_FILE } from './score-files.ts';
import { reportScores } from './score-report.ts';
import { trainReal } from './train-real.ts';

const CLASSES = LABEL_SCHEMES.binary.classNames.length; // the benchmark's classifiers tell normal from abnormal
const POSITIVE = 1;

export type ScoreContext = { home: Home; run: RunFolder; threads: number; signal: AbortSignal };

/**
 * Runs in a worker process without network: scores a classifier on the sealed hold-out and leaves counts, never a
 * film's score. Foreign weights pass the strict reader only; their architecture is on our list, so no code comes along.
 */
export async function scoreHoldOut(context: ScoreContext, request: ScoreRequest): Promise<void> {
  initCompute({ threads: context.threads });
  const { films: heldOut, commitment } = await openHoldOut(context.run);
  const films = toBinaryFilms(heldOut);
  const { ensemble, generators, about } = await findEnsemble(context, request);
  const size = ensemble[0]!.imageSize;
  const images = size === films.size ? films.pixels : await loadAtSize(context.home, films.pixelSha256, size);
  const members = ensemble.map((member) => scoresOf(predict(member, images)));
  const scores = meanOf(members);
  const { labels, patients } = films;
  const subject = { ...about, seeds: ensemble.length, holdOutCommitment: commitment };
  await writeJson(
    join(request.folder, REPORT_FILE),
    reportScores({ scores, labels, patients, members, generators }, subject, request.minPerClass),
  );
}

/** The probability of `abnormal`, film by film. */
function scoresOf(probabilities: Float32Array): Float32Array {
  return probabilities.filter((_, at) => at % CLASSES === POSITIVE);
}

function meanOf(members: readonly Float32Array[]): Float32Array {
  return members[0]!.map(
    (_, film) => members.reduce((sum, scores) => sum + scores[film]!, 0) / members.length,
  );
}

type Found = {
  ensemble: Parameters[];
  generators: number;
  about: Pick<ScoreReport, 'trainedOn' | 'training' | 'nTraining'>;
};

async function findEnsemble(context: ScoreContext, request: ScoreRequest): Promise<Found> {
  const { task, folder, siteId } = request;
  if (task.kind === 'local') {
    const { ensemble, count } = await trainReal(context, task.training);
    return {
      ensemble,
      generators: 1,
      about: { trainedOn: `real:${siteId}`, training: task.training, nTraining: count },
    };
  }
  const { architecture, imageSize, seeds, generators, trainedOn } = task;
  const bytes = new Uint8Array(await readFile(join(folder, WEIGHTS_FILE)));
  const ensemble = decodeClassifier(bytes, { architecture, imageSize, classes: CLASSES, seeds });
  return { ensemble, generators, about: { trainedOn } };
}
