import { FINDINGS, type Finding } from '@synspine/dicom';
import { isAbnormalClass } from '@synspine/protocol';

/** Of a film that is only known to be abnormal. */
export const UNSPECIFIED_FINDING = 'Unspecified finding';
/** What a label file says about a film: either "No finding" alone, or one or several of the others. */
export type FilmFinding = Finding | typeof UNSPECIFIED_FINDING;

/** How the findings of a film become one class. */
export type LabelScheme = {
  /** In the order of the conditions: condition 0 is the first. */
  classNames: readonly string[];
  /** The class that a finding alone makes; undefined when this scheme has none for it. */
  classOf(finding: FilmFinding): string | undefined;
  /** Which class a film (or a patient) with several gets: the first of these that it has. */
  priority: readonly string[];
};

export const LABEL_SCHEMES = {
  /** Abnormal if anything was found. */
  binary: {
    classNames: ['normal', 'abnormal'],
    classOf: (finding) => (finding === 'No finding' ? 'normal' : 'abnormal'),
    priority: ['abnormal', 'normal'],
  },
  /**
   * The eight labels of the multi-conditional GAN. A film has one label there, so one with several findings takes the
   * rarest. The order is fixed: an order by the films at hand would let the hold-out have a say in the training labels.
   */
  findings: {
    classNames: FINDINGS,
    classOf: (finding) => (finding === UNSPECIFIED_FINDING ? undefined : finding),
    priority: [
      'Vertebral collapse',
      'Spondylolisthesis',
      'Surgical implant',
      'Foraminal stenosis',
      'Other lesions',
      'Disc space narrowing',
      'Osteophytes', // most worn spines have some
      'No finding',
    ] satisfies Finding[],
  },
} as const satisfies Record<string, LabelScheme>;

/** Fewest training patients of a class that a generator is told about: what few share says too much about each. */
export const TRAINING_PATIENTS_PER_CLASS_MIN = 11;

export type LabelSchemeName = keyof typeof LABEL_SCHEMES;
export const LABEL_SCHEME_NAMES = ['binary', 'findings'] as const satisfies LabelSchemeName[];

/** The class of a film, or of a patient by the findings of all films; undefined when the scheme has none for it. */
export function classOfFilm(scheme: LabelScheme, findings: readonly FilmFinding[]): string | undefined {
  const classes = findings.map((finding) => scheme.classOf(finding));
  return scheme.priority.find((name) => classes.includes(name));
}

/** Condition numbers of any scheme as those of the binary one: 0 normal, 1 abnormal. */
export function toBinaryLabels(labels: Uint8Array, classNames: readonly string[]): Uint8Array {
  return labels.map((label) => Number(isAbnormalClass(classNames[label]!)));
}
