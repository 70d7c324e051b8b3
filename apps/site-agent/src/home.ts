import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readJson, writeOnce } from './durable-file.ts';
import { SiteError } from './site-error.ts';

/** Where everything of one site lies. All of it may hold patient data, so the folder is its owner's alone. */
export type Home = {
  path: string;
  /** Made with the home; says nothing about the site. It tells homes apart on a shared queue. */
  id: string;
  files: {
    site: string;
    policy: string;
    catalogue: string;
    quarantine: string;
    split: string;
    /** Patients who seem to have two numbers, and what people said of them. */
    samePatient: string;
    releases: string;
    /** Which films are taken. */
    selection: string;
    /** What words of the label files stand for. */
    labelWords: string;
    /** Where films come from. */
    sources: string;
    /** What is trained, and when. */
    training: string;
    /** What was taken from watched folders and pulled from DICOMweb, by hash. */
    taken: string;
    /** Rows of the registry's audit trail that this site has witnessed. */
    auditHeads: string;
  };
  folders: {
    keys: string;
    films: string;
    runs: string;
    scores: string;
    pins: string;
    postgres: string;
    /** Films received and not yet ingested. */
    spool: string;
    /** Films received and refused, kept for a while so that they can be tried again. */
    received: string;
    /** Verdicts on the files of ingested folders. */
    decided: string;
  };
};

type Marker = { schema: 'synspine.home/1'; id: string };

/** Opens a home; `create` makes one where there is none. Throws HOME_MISSING. */
export async function openHome(folder: string, { create = false } = {}): Promise<Home> {
  const path = resolve(folder);
  const marker = await readJson<Marker>(join(path, 'home.json'));
  if (marker) return describeHome(path, marker.id);
  if (!create) throw new SiteError('HOME_MISSING');
  await mkdir(path, { recursive: true, mode: 0o700 });
  const made: Marker = { schema: 'synspine.home/1', id: randomUUID() };
  const { postgres: _, ...folders } = describeHome(path, made.id).folders; // the embedded server makes its own
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeOnce(join(path, 'home.json'), `${JSON.stringify(made, null, 2)}\n`);
  return openHome(path); // another command may have made it meanwhile
}

function describeHome(path: string, id: string): Home {
  const at = (name: string) => join(path, name);
  return {
    path,
    id,
    files: {
      site: at('site.json'),
      policy: at('policy.json'),
      catalogue: at('films.jsonl'),
      quarantine: at('quarantine.jsonl'),
      split: at('split.json'),
      samePatient: at('same-patient.json'),
      releases: at('releases.json'),
      selection: at('selection.json'),
      labelWords: at('labels.json'),
      sources: at('sources.json'),
      training: at('training.json'),
      taken: at('taken.jsonl'),
      auditHeads: at('audit-heads.jsonl'),
    },
    folders: {
      keys: at('keys'),
      films: at('films'),
      runs: at('runs'),
      scores: at('scores'),
      pins: at('pins'),
      postgres: at('postgres'),
      spool: at('spool'),
      received: at('received'),
      decided: at('decided'),
    },
  };
}

/** What `init` learned from the registry. */
export type Enrolment = { siteId: string; registryUrl: string; audience: string; enrolledAt: string };

/** The site's enrolment. Throws NOT_ENROLLED. */
export async function readEnrolment(home: Home): Promise<Enrolment> {
  const enrolment = await readJson<Enrolment>(home.files.site);
  if (!enrolment) throw new SiteError('NOT_ENROLLED');
  return enrolment;
}

export function isEnrolled(home: Home): boolean {
  return existsSync(home.files.site);
}
