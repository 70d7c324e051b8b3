export { DEFAULT_MODALITIES, type FilmIdentity } from './film-header.ts';
export { type Film, type ReadFilmOptions, readFilm } from './read-film.ts';
export { isRefusal, REFUSALS, type Refusal, type RefusalCode, type RefusalStage } from './refusals.ts';
export { type Fit, type TrainingImageOptions, toTrainingImage } from './training-image.ts';
