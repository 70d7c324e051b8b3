import { Option } from 'commander';

/** What commands that take films have in common. */
export type FilmFlags = {
  home: string;
  labels?: string;
  holdOut: 'own' | 'published';
  json?: string;
  fit: 'centre-square' | 'letterbox' | 'squeeze';
};

export function holdOutOption(): Option {
  return new Option(
    '--hold-out <whose>',
    'choose the sealed films here, or take the test films of VinDr-SpineXR',
  )
    .choices(['own', 'published'])
    .default('own');
}
