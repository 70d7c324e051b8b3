export type { BurnedInTextPolicy } from './burned-in-text/clean-film.ts';
export { loadTextModels } from './burned-in-text/models.ts';
export { DECODABLE_SYNTAXES } from './dataset/transfer-syntaxes.ts';
export { type FilmIdentity, isUid } from './film-header.ts';
export {
  createFilmReader,
  type FilmReader,
  type FilmReaderOptions,
  tryConfinement,
} from './film-reader/film-reader.ts';
export { FINDINGS, type Finding, labelOf, type View } from './phantom/findings.ts';
export { type Look, type Phantom, type PhantomOptions, renderPhantom } from './phantom/render-phantom.ts';
export { type PhantomSite, type PhantomSiteOptions, writePhantomSite } from './phantom/write-phantom-site.ts';
export { type Film, type FilmFacts, type ReadFilmOptions, readFilm } from './read-film.ts';
export { readSquareFilm, type SquareFilm, type SquareFilmOptions } from './read-square-film.ts';
export {
  isRefusal,
  type KnownFacts,
  REFUSALS,
  type Refusal,
  type RefusalCode,
  type RefusalStage,
} from './refusals.ts';
export { REGIONS, type Region } from './selection/region.ts';
export { DEFAULT_SELECTION, type FilmContent, type SelectionPolicy } from './selection/select-film.ts';
export { type FilmView, VIEWS } from './selection/view.ts';
export { type Fit, type TrainingImageOptions, toTrainingImage } from './training-image.ts';
export { encodeSynthetic, type SyntheticImage } from './write/encode-synthetic.ts';
export { uidFromSeed } from './write/uid-from-seed.ts';
export { type WriteElement, type WriteValue, writeDicom } from './write/write-dicom.ts';
