export {
  ARCHITECTURE_IDS,
  type ArchitectureId,
  initParameters,
  type Parameters,
  type TensorMap,
} from './architecture.ts';
export { type Augmentation, augmentInto } from './augment.ts';
export { ClassifierError, type ClassifierErrorCode } from './classifier-error.ts';
export { createJudge, type Judge } from './judge.ts';
export { agreesWithLabel } from './label-agreement.ts';
export { predict } from './predict.ts';
export { installedPretrained, loadPretrained, type Pretrained, pretrainedSha256 } from './pretrained.ts';
export { DEFAULT_RECIPE, findRecipe, RECIPE_VERSIONS, RECIPES, type Recipe } from './recipe.ts';
export { createSpineFilter, type FilterFilms, type SpineFilter } from './spine-filter.ts';
export {
  type LabelledImages,
  type TrainedClassifier,
  type TrainOptions,
  trainClassifier,
} from './train-classifier.ts';
export { decodeClassifier, type EnsembleDescription, encodeClassifier } from './weights-file.ts';
