export { AuthoringError, type AuthoringErrorCode } from './authoring/errors.ts'
export { readSourceFolder, SOURCE_NAME, writeSourceFolder } from './authoring/source-folder.ts'
export { packageTemplate, type TemplateRequest } from './authoring/template.ts'
export {
  DX_FOR_PRESENTATION,
  type RadiographFacts,
  type RadiographPixels,
  type RadiographUids,
  radiographUids,
  wrapRadiograph,
} from './dicom/wrap-radiograph.ts'
export { OnnxError, type OnnxErrorCode } from './import/errors.ts'
export { inspectOnnx, type OnnxInspection, type OnnxTensor } from './import/inspect-onnx.ts'
export { type ModelCard, modelCard } from './package/card.ts'
export { PackageError, type PackageErrorCode } from './package/errors.ts'
export { type GoldenExpectation, goldenExpectation } from './package/golden.ts'
export { type GraphEntry, parseSource } from './package/graphs.ts'
export {
  type FitRules,
  MODEL_KINDS,
  MODEL_PACKAGE_SCHEMA,
  type ModelManifest,
  modelManifest,
  PACKAGE_LIMITS,
  type PackageFile,
  packageDigest,
  type ScoreOutput,
} from './package/manifest.ts'
export { MANIFEST_NAME, packagePath } from './package/paths.ts'
export type { PreprocessingStep } from './package/preprocessing.ts'
export {
  type ModelPackage,
  parseManifest,
  readPackage,
  readPackageFile,
  readPackageJson,
} from './package/read-package.ts'
export {
  binOf,
  type ReferenceDistributions,
  type ReferenceFeature,
  referenceDistributions,
} from './package/reference.ts'
export { type ManifestContent, type PackageContent, sealManifest, writePackage } from './package/write-package.ts'
export { type PhantomDicom, type PhantomDicomRequest, phantomDicom } from './phantom/phantom-dicom.ts'
export { type PhantomRequest, renderPhantom } from './phantom/render-phantom.ts'
export { SPLIT_NAME, type SplitPart, splitOfPatient } from './split.ts'
