import { type ExitName, RUN_REASONS, type RunReason } from '@synspine/protocol';

/** What can go wrong at a site, and what to do next. No text here may name a file, a path or a patient. */
const SITE_ERRORS = {
  CONFIG_INVALID: 'A setting is not valid. Correct it.',
  HOME_MISSING: 'This folder is not a home of the agent. Run `synspine-site ingest` or `init` first.',
  HOME_TOO_OPEN: 'A key file can be read by others. Run `chmod 600` on the files in the home’s keys folder.',
  NOT_ENROLLED: 'This home is not enrolled at a registry. Run `synspine-site init` first.',
  ALREADY_ENROLLED:
    'This home is enrolled already. Use another home for another registry; for new keys at this one, see `synspine-site keys rotate` or `init --again`.',
  REGISTRY_UNREACHABLE:
    'The registry does not answer. Check the network and the URL, then run the command again.',
  REGISTRY_ANSWER_INVALID:
    'What answers at the registry’s address does not answer as the registry does, perhaps a proxy. Open the registry’s URL on this machine and look.',
  AUDIT_REWRITTEN:
    'The registry’s audit trail lacks a row that it showed this site earlier. Ask its admin: unless a backup was restored, somebody has rewritten the trail.',
  LABELS_UNREADABLE:
    'The label file can not be used. It needs a column with the SOP Instance UID (or the file’s name) and one with the label or finding. Correct it as said here, or name another with --labels.',
  LABELS_MISSING:
    'There is no label file at that place. Put a labels.csv into the folder with the films, or name the file with --labels.',
  LABEL_WORDS_INVALID:
    'labels.json in the home does not match its schema. Correct it; docs/hospital-it has an example.',
  FOLDER_EMPTY:
    'There is no labels.csv and no film in the folder. Name the folder with the films, or wait until they are there.',
  FOLDER_UNREADABLE: 'The folder with the films can not be read. Check its path and permissions.',
  FIT_CONFLICT: 'The films in this home were cut with another fit. Use that fit, or ingest into a new home.',
  SELECTION_INVALID: 'selection.json in the home does not match its schema. Correct it.',
  POLICY_MISSING:
    'There is no policy.json in the home, and nothing is released without it. Write one with `synspine-site policy init`, then have it signed off.',
  POLICY_INVALID:
    'The privacy policy does not match its schema. Correct policy.json in the home; `synspine-site policy init` writes a valid one where there is none.',
  POLICY_EXISTS:
    'This home has a policy.json, which is never overwritten. Correct it, or move it away first.',
  POLICY_DEMONSTRATION:
    'The policy is marked as a demonstration, which only a registry on this machine takes. Write the site’s own with `synspine-site policy init`.',
  NO_FILMS: 'No film has been ingested. Run `synspine-site ingest` first.',
  TOO_FEW_PATIENTS:
    'At least two classes need 11 patients in training and two films in each other part, and 8 patients must be held out. Ingest more films.',
  HOLD_OUT_CONFLICT:
    'Films that are to be held out were trained on by an earlier run. Ingest the data set into a new home.',
  OPTION_INVALID: 'An option has no such value. See the command’s `--help`.',
  RUN_UNKNOWN: 'There is no such run in this home. See `synspine-site status`.',
  RUN_OPTIONS_DIFFER:
    'An unfinished run has other options. Finish it without options, or `synspine-site cancel` it.',
  RUN_FILE_DAMAGED:
    'A file of the run is damaged. `synspine-site run` goes on with it where it can; else cancel the run and start another.',
  SNAPSHOT_DAMAGED:
    'A generator of the training was damaged and set aside. The stage is tried again with the others.',
  CLAIM_OUTDATED: 'Another worker has taken over this run. Nothing was published here; it goes on there.',
  STAGE_FAILED:
    'A stage failed after its last attempt. The run directory’s failures.jsonl says which and why.',
  GENERATOR_CHANGED:
    'The network of this agent draws otherwise than the one that was trained: the agent was upgraded in between. Cancel the run and start another.',
  TRAINING_INVALID:
    'training.json in the home does not match its schema. Correct it; docs/hospital-it explains each field.',
  TRAINING_EXISTS:
    'This home has a training.json already. Edit it, or say `synspine-site training propose --write --force`, which replaces its preset and precision and leaves the rest.',
  GPU_REQUIRED:
    'The GPU that training.json (or --gpu) asks for can not be used. See `synspine-site doctor`, or ask for another.',
  TOO_LARGE_FOR_CPU:
    'This preset would take more than a day on this machine’s CPU. Choose a smaller --preset, or use a GPU.',
  AUDIT_REJECTED:
    'The privacy audit rejected the release; its report stays in the run directory. Train on more films or for a shorter time, then run again.',
  AUDIT_UNDECIDED:
    'Too few patients were held out for the privacy audit to decide; its report says how many it takes. Ingest films of more patients, then run again.',
  GENERATOR_REJECTED:
    'The filters rejected more than three quarters of the images of a class: the generator is not good enough. Train it for longer, or with more films.',
  SPINEGAN_WITHOUT_JUDGE:
    'The run ended before the judge had a say in it, so it trained a plain GAN. Train for longer, or say --loss gan.',
  NO_GENERATOR: 'There is no trained generator there. Name another --run or --generator, or train one.',
  NOT_AUDITED:
    'No privacy audit approved of this generator, so its images may show patients. Use a released one, or say --unaudited and keep the images inside the site.',
  CLASS_UNKNOWN: 'The generator was not trained on such a class. Name one of its classes.',
  OUTPUT_EXISTS: 'Such files are in the folder already. Choose another --out or --seed, or say --force.',
  CHILD_ENDED:
    'The worker process ended without a result, often for lack of memory. The run goes on from its last checkpoint.',
  DISK_FULL: 'The disk is full. Free some space; the run goes on by itself.',
  DISK_READ_ONLY: 'The disk can only be read. Mount it for writing; the run goes on by itself.',
  NOTHING_TO_UPLOAD: 'No signed release waits in this home. Run `synspine-site run` first.',
  INCEPTION_MISSING: 'The Inception weights are not installed. Run `npm run setup`.',
  EXPERIMENT_DIFFERS:
    'This folder holds an experiment with other options or films. Use those, or another `--out`.',
  EXPERIMENT_NO_FILMS:
    'The experiment has no films to work with. Point `--data` at a folder with labels.csv, with sites in it, or with VinDr-SpineXR.',
  EXPERIMENT_CLASSES_DIFFER:
    'Some sites have too few patients of a class that others have, so they can not be pooled. Use `--labels binary`, or one site.',
  EXPERIMENT_TOO_LARGE: 'This preset takes too long on this machine. Choose a smaller one, or a GPU.',
  EXPERIMENT_FAILED:
    'A part of the experiment failed; private/failures.jsonl in its folder says where. Mend the cause and run the same command again.',
  EXPERIMENT_UNFINISHED: 'A part of the experiment is missing. Run the same command again.',
  SOURCES_MISSING:
    'There is no sources.json in the home. Say there where films come from; docs/hospital-it has an example.',
  SOURCES_INVALID: 'sources.json in the home does not match its schema. Correct it.',
  SOURCES_UNUSABLE: 'Something that sources.json in the home names can not be used. Mend it as said here.',
  SPOOL_IN_USE:
    'Another process of this home receives films already. Stop it first, or let it take these films too.',
  SECRET_UNREADABLE:
    'A token or password file of sources.json can not be read, is empty, or can be read by others. Run `chmod 600` on it.',
  ADDRESS_IN_USE:
    'A port or address of sources.json is not free or not this machine’s. Choose another, or end what uses it.',
  PULL_REFUSED:
    'The DICOMweb server refused the request. Check its URL and the credentials that sources.json names.',
  PULL_REDIRECTED:
    'The DICOMweb server sent us to another address, which is never followed. Put its final URL into sources.json.',
  PULL_UNREACHABLE:
    'The DICOMweb server does not answer or ended in the middle. Run the command again; what has come is not asked for again.',
  PULL_INVALID: 'The DICOMweb server’s answer is not what DICOM PS3.18 says. Tell its maker.',
  MEDIA_UNREADABLE: 'The ZIP file or DICOMDIR can not be read. Copy it again from its medium.',
  MEDIA_REFUSED:
    'The medium holds more files, or more data for its size, than a medium of films can. Unpack it yourself and look.',
  CANCELLED: 'The run was cancelled and does not go on. `synspine-site run` starts another.',
} as const;

export type SiteErrorCode = keyof typeof SITE_ERRORS;

/** How a command ends with an error of this code, where it isn't a run's reason (RUN_REASONS) or simply `failed`. */
const SITE_EXITS: Partial<Record<SiteErrorCode, ExitName>> = {
  OPTION_INVALID: 'usage',
  RUN_UNKNOWN: 'usage',
  RUN_OPTIONS_DIFFER: 'usage',
  CLASS_UNKNOWN: 'usage',
  NO_GENERATOR: 'usage',
  NOT_AUDITED: 'usage',
  OUTPUT_EXISTS: 'usage',
  FIT_CONFLICT: 'usage',
  ALREADY_ENROLLED: 'usage',
  TRAINING_EXISTS: 'usage',
  EXPERIMENT_DIFFERS: 'usage',
  NOTHING_TO_UPLOAD: 'nothing',
  FOLDER_EMPTY: 'nothing',
  EXPERIMENT_NO_FILMS: 'nothing',
  SPOOL_IN_USE: 'waiting',
  PULL_UNREACHABLE: 'waiting',
  REGISTRY_ANSWER_INVALID: 'waiting',
  DISK_READ_ONLY: 'waiting',
  CONFIG_INVALID: 'configuration',
  HOME_MISSING: 'configuration',
  LABELS_MISSING: 'configuration',
  LABELS_UNREADABLE: 'configuration',
  LABEL_WORDS_INVALID: 'configuration',
  FOLDER_UNREADABLE: 'configuration',
  SELECTION_INVALID: 'configuration',
  POLICY_EXISTS: 'configuration',
  POLICY_DEMONSTRATION: 'configuration',
  SOURCES_MISSING: 'configuration',
  SOURCES_INVALID: 'configuration',
  SOURCES_UNUSABLE: 'configuration',
  SECRET_UNREADABLE: 'configuration',
  ADDRESS_IN_USE: 'configuration',
  PULL_REFUSED: 'configuration',
  PULL_REDIRECTED: 'configuration',
  EXPERIMENT_CLASSES_DIFFER: 'configuration',
  EXPERIMENT_TOO_LARGE: 'configuration',
};

/** How a command ends with an error of this code. */
export function exitOfSiteError(code: SiteErrorCode): ExitName {
  return SITE_EXITS[code] ?? RUN_REASONS[code as RunReason]?.[0] ?? 'failed';
}

/** What to do about a code, if it is one of ours. */
export function nextStepOf(code: string): string | undefined {
  return Object.hasOwn(SITE_ERRORS, code) ? SITE_ERRORS[code as SiteErrorCode] : undefined;
}

/** A broken promise, by its code in {@link SITE_ERRORS}. `detail` must never hold data of a patient or a path. */
export class SiteError extends Error {
  readonly code: SiteErrorCode;

  constructor(code: SiteErrorCode, detail?: string, options?: ErrorOptions) {
    super(`${code}: ${SITE_ERRORS[code]}${detail ? ` (${detail})` : ''}`, options);
    this.name = 'SiteError';
    this.code = code;
  }
}

/** The code of any error, fit for a log: never its message, which may quote a path. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown })?.code;
  if (typeof code === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(code)) return code;
  return error instanceof Error && /^[A-Za-z]{1,40}$/.test(error.name) ? error.name : 'UNKNOWN';
}
