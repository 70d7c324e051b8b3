import type { ExperimentOptions } from './plan.ts';
import type { PaperResults } from './results.ts';
import type { Table } from './tables.ts';

/** One setting of the paper's experiment: what it prints, where, and what that is here. */
type Published = {
  setting: string;
  /** As the paper (or what it builds on) has it. */
  value: string;
  /** What the part of the paper that says so is about. */
  section: string;
  /** The option that carries it here, alone or through a preset, network or recipe; null: `--hold-out`, and the films. */
  option: keyof ExperimentOptions | null;
};

/**
 * The paper's experiment as printed, setting by setting. `experiment paper --as-published` takes {@link PUBLISHED_OPTIONS};
 * this table says where each comes from. The paper leaves open how long a classifier learns: the recipe's steps are ours.
 */
const PUBLISHED: readonly Published[] = [
  of('films', 'VinDr-SpineXR, 80 % for training and 20 % for testing', 'data', null),
  of('square', 'centre square crop; films under 128 px dropped', 'preprocessing', 'fit'),
  of('size', '256 px', 'preprocessing', 'preset'),
  of('network', 'StyleGAN2-ADA, conditional on normal and abnormal', 'the GAN', 'preset'),
  of('length', '4.2 M images shown', 'training the GAN', 'preset'),
  of('augmentation', 'StyleGAN2-ADA’s, all of it', 'training the GAN', 'preset'),
  of('adversarial loss', 'StyleGAN2-ADA’s: logistic, with R1', 'the GAN', 'ganLoss'),
  of('judge’s weight λ', '0.1', 'the domain loss', 'judgeWeight'),
  of('truncation ψ', 'not printed; here none', 'sampling', 'psi'),
  of('synthetic images', '10,000', 'the classifier', 'syntheticCount'),
  of('classifier', 'DenseNet-121 at 224 px', 'the classifier', 'architecture'),
  of('input', 'ImageNet’s mean and deviation', 'the classifier', 'architecture'),
  of('optimiser', 'Adam, 1e-3, batches of 32', 'the classifier', 'recipe'),
  of('flip', 'left and right, p = 0.3', 'the classifier', 'recipe'),
  of('turn', '±5°', 'the classifier', 'recipe'),
  of('crop', 'random, 80 to 100 % of the area, ratio 1', 'the classifier', 'recipe'),
  of('quality', '50,000 images against all training films', 'Table 2', 'fullProtocolImages'),
  of('findings', 'eight labels, 1.2 M images shown, with `--labels findings`', 'Figure 5', null),
];

/** What `--as-published` sets where no flag says otherwise. */
export const PUBLISHED_OPTIONS = {
  preset: 'published-256',
  judgeWeight: 0.1,
  ganLoss: 'logistic',
  precision: 'float32',
  psi: 1,
  syntheticCount: 10_000,
  architecture: 'densenet-121',
  recipe: 'published',
  fit: 'centre-square',
  fullProtocolImages: 50_000,
} as const satisfies Partial<ExperimentOptions>;

/** The multi-conditional SpineGAN's: `--as-published --labels findings`. */
export const PUBLISHED_FINDINGS_PRESET = 'published-256-multi';

/** The paper's test films, where the data set has them. */
export const PUBLISHED_HOLD_OUT = 'published';

/** What the paper prints, to set beside one's own. AUC on 755 test images: SE about .016 each. */
const PRINTED = {
  auc: { real: 0.856, gan: 0.814, spinegan: 0.83 },
  fid: { gan: 32.7, spinegan: 33.9 },
  precision: { gan: 0.46, spinegan: 0.418 },
  recall: { gan: 0.0159, spinegan: 0.0914 },
} as const;

/** The paper's settings beside an experiment's own: where they differ, its tables aren't the paper's. */
export function settingsTable({ options }: Pick<PaperResults, 'options'>): Table {
  const published: Partial<ExperimentOptions> = PUBLISHED_OPTIONS;
  const rows = PUBLISHED.map(({ setting, value, section, option }) => {
    if (option === null) return [setting, value, section, '–', '–'];
    const isSame = options[option] === published[option];
    return [
      setting,
      value,
      section,
      `${option}: ${options[option] ?? 'the preset’s'}`,
      isSame ? 'yes' : 'no',
    ];
  });
  const { auc, fid, precision, recall } = PRINTED;
  return {
    caption: `The paper’s settings and this experiment’s (${options.preset}, ${options.imagesShown ?? 'the preset’s length'}). The paper prints AUC ${auc.real} (real), ${auc.gan} (GAN), ${auc.spinegan} (SpineGAN) on 755 test images, which is ± .03 each; FID ${fid.gan} (GAN), ${fid.spinegan} (SpineGAN); precision ${precision.gan}, ${precision.spinegan}; recall ${recall.gan}, ${recall.spinegan}.`,
    header: ['Setting', 'The paper', 'Where', 'Here', 'As published'],
    rows,
  };
}

function of(setting: string, value: string, section: string, option: Published['option']): Published {
  return { setting, value, section, option };
}
