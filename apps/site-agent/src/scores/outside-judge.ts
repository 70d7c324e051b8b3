import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeClassifier, type Parameters } from '@synspine/classifier';
import { type ClassifierDescriptor, siteLeftOut } from '@synspine/protocol';
import { readJson, writeDurably, writeJson } from '../durable-file.ts';
import { LABEL_SCHEMES } from '../films/label-schemes.ts';
import type { Home } from '../home.ts';

const CLASSES = LABEL_SCHEMES.binary.classNames.length; // the benchmark's classifiers tell normal from abnormal

/** A classifier of other sites' images, and whose. */
export type OutsideJudge = { id: string; trainedOn: string; ensemble: Parameters[] };

const folderOf = (home: Home) => join(home.folders.scores, 'outside-judge');
const descriptorOf = (home: Home) => join(folderOf(home), 'descriptor.json');
const weightsOf = (home: Home, sha256: string) => join(folderOf(home), `${sha256}.safetensors`);

/**
 * Keeps a classifier that was checked for a task as the judge of this site's next generator, unless this site's images had a part in
 * it. One of all other sites isn't given up for one of a single site; otherwise the newest stays.
 */
export async function keepOutsideJudge(
  home: Home,
  siteId: string,
  { descriptor, weights }: { descriptor: ClassifierDescriptor; weights: Uint8Array },
): Promise<void> {
  if (descriptor.releases.some((release) => release.siteId === siteId)) return;
  const kept = await readJson<ClassifierDescriptor>(descriptorOf(home));
  const isOfAllOthers = (other: ClassifierDescriptor) => siteLeftOut(other.trainedOn) === siteId;
  if (kept && isOfAllOthers(kept) && !isOfAllOthers(descriptor)) return;
  await mkdir(folderOf(home), { recursive: true, mode: 0o700 });
  await writeDurably(weightsOf(home, descriptor.weightsSha256), weights);
  await writeJson(descriptorOf(home), descriptor); // a crash before it leaves the judge that was
  if (kept && kept.weightsSha256 !== descriptor.weightsSha256)
    await rm(weightsOf(home, kept.weightsSha256), { force: true });
}

/** The judge that was kept, if its weights are still those that the benchmark signed and it sees films of this size. */
export async function openOutsideJudge(home: Home, imageSize: number): Promise<OutsideJudge | undefined> {
  const descriptor = await readJson<ClassifierDescriptor>(descriptorOf(home));
  if (!descriptor || descriptor.imageSize !== imageSize) return undefined;
  const { id, trainedOn, architecture, seeds, weightsSha256 } = descriptor;
  const bytes = new Uint8Array(await readFile(weightsOf(home, weightsSha256)));
  if (createHash('sha256').update(bytes).digest('hex') !== weightsSha256) return undefined;
  return {
    id,
    trainedOn,
    ensemble: decodeClassifier(bytes, { architecture, imageSize, classes: CLASSES, seeds }),
  };
}
