import { MEASURED_RECALL, type Proportion } from './measured-recall.ts';
import type { DeIdentificationReport } from './report.ts';

/** The report as Markdown. */
export function describeReport(report: DeIdentificationReport): string {
  return [
    '# De-identification at this site',
    '',
    `Agent ${report.agentVersion}, ${report.writtenAt}. By DICOM PS3.15 Annex E, edition 2026c.`,
    '',
    ...describeScope(),
    ...describeFilms(report),
    ...describeOptions(report),
    ...describeAttributes(report),
    '',
  ].join('\n');
}

function describeScope(): string[] {
  return [
    '**What this is not:** a certificate, or the judgement of a person. Annex E leaves it to the site whether a use of data',
    'is safe. Real films, masked or not, stay in the home; only what was trained on them leaves, after a privacy audit.',
    '',
    '**How it works:** pixels are decoded, rendered to gray, cleaned of text and made a square image of 256 · 256. A new',
    'file is written from those bytes; no element of the DICOM file is copied into it. Identifiers that the split needs are',
    'kept as keyed hashes. Beside those the home keeps, in clear: modality, region and view in terms of its own, the size, the',
    'findings of the label file, and hashes of the file and of the pixels. Names and paths of refused files stay in one',
    'file, the quarantine. Films that came over the network lie in the home as they came: until they are ingested, and',
    'refused ones for a while, so that they can be tried again.',
    '',
    '**How it is proved:** a test puts a canary into every attribute of the table below, private and nested ones as well,',
    'ingests the film and searches every file of the home outside the quarantine.',
    '',
  ];
}

function describeFilms({ films, burnedInText }: DeIdentificationReport): string[] {
  const policy = burnedInText === 'mask' ? 'painted over' : 'a reason to refuse the film';
  const refused = films.refused.map(({ code, count }) => `| refused, ${code} | ${count} |`);
  return [
    '## Films',
    `Burned-in text is ${policy} (\`burnedInText: ${burnedInText}\`). Markers of side, projection and posture stay.`,
    '',
    '| | n |',
    '|---|--:|',
    `| ingested | ${films.ingested} |`,
    `| looked at for text | ${films.inspected} |`,
    `| not looked at, by an earlier agent: ingest them again | ${films.notInspected} |`,
    `| with text painted over | ${films.masked} |`,
    `| boxes painted over | ${films.maskedBoxes} |`,
    ...refused,
    '',
    ...describeRecall(MEASURED_RECALL),
    '',
  ];
}

function describeRecall({ films, texts, alarms }: typeof MEASURED_RECALL): string[] {
  const share = ({ hits, n, low, high }: Proportion) => `${hits} of ${n} (95 % interval ${low}–${high})`;
  return [
    `Text is missed now and then. Of films with made-up names, dates and numbers ${share(films)} were found; of single`,
    `texts ${share(texts)} were covered, least of all Arabic. Of films with markers only ${share(alarms)} raised an alarm.`,
  ];
}

function describeOptions({ options }: DeIdentificationReport): string[] {
  const rows = options.map(
    ({ code, name, isApplied, here }) => `| ${code} | ${name} | ${isApplied ? 'yes' : 'no'} | ${here} |`,
  );
  return ['## Options', '| code | option | applied | here |', '|---|---|---|---|', ...rows, ''];
}

function describeAttributes({ attributes }: DeIdentificationReport): string[] {
  const rows = attributes.map(
    ({ tag, name, basicProfile, here }) =>
      `| (${tag.slice(0, 4)},${tag.slice(4)}) | ${name} | ${basicProfile} | ${here} |`,
  );
  return [
    '## Attributes',
    'The basic profile: X removes, Z empties, D puts a dummy, U another UID. Attributes that are not in the table are',
    'removed, too.',
    '',
    '| tag | attribute | basic profile | here |',
    '|---|---|---|---|',
    ...rows,
  ];
}
