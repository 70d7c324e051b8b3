export { DEFAULT_MODALITIES, type FilmIdentity } from './film-header.ts';
export { FINDINGS, type Finding, labelOf, type View } from './phantom/findings.ts';
export { type Look, type Phantom, type PhantomOptions, renderPhantom } from './phantom/render-phantom.ts';
export { type PhantomSite, type PhantomSiteOptions, writePhantomSite } from './phantom/write-phantom-site.ts';
export { type Film, type ReadFilmOptions, readFilm } from './read-film.ts';
export { isRefusal, REFUSALS, type Refusal, type RefusalCode, type RefusalStage } from './refusals.ts';
export { type Fit, type TrainingImageOptions, toTrainingImage } from './training-image.ts';
export { uidFromSeed } from './write/uid-from-seed.ts';
export { type WriteElement, type WriteValue, writeDicom } from './write/write-dicom.ts';
