export { augment, type GreyPlane } from './augmentation/augment.ts'
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
export * from './explain/index.ts'
export { OnnxError, type OnnxErrorCode } from './import/errors.ts'
export { graphShape } from './import/graph-shape.ts'
export { inspectOnnx, type OnnxInspection, type OnnxTensor } from './import/inspect-onnx.ts'
export {
  compareOutputs,
  type ParityReport,
  type ParityTensor,
  presentParity,
  seededValues,
} from './import/parity.ts'
export { TfjsError, type TfjsErrorCode } from './import/tfjs/errors.ts'
export { importTfjs, type OnnxRunner, type TfjsImport } from './import/tfjs/import-tfjs.ts'
export { readVettedPackage } from './import/vet-package.ts'
export { type ModelCard, modelCard } from './package/card.ts'
export {
  type CardDeclaration,
  type CardStatement,
  cardDeclaration,
  type DeclaredHazard,
  declaredHazard,
  PROBABILITIES,
  SEVERITIES,
} from './package/card-declaration.ts'
export { type Column, type GoldenRow, goldenRow, scoreOf, type TableRow, tableRow } from './package/columns.ts'
export { PackageError, type PackageErrorCode } from './package/errors.ts'
export {
  type DeclaredGate,
  type DeclaredGates,
  declaredGate,
  declaredGates,
  GATES_FILE,
  type GateMeasure,
  HUB_GATES,
  POINT_IN_USE,
  type PointRule,
} from './package/gates.ts'
export { type GoldenExpectation, goldenExpectation } from './package/golden.ts'
export { type GraphEntry, parseSource } from './package/graphs.ts'
export type { PriorRule, SeriesRule } from './package/inputs.ts'
export { latencySketchBin, latencySketchQuantile, latencySketchValue } from './package/latency-sketch.ts'
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
  type SegmentMeaning,
} from './package/manifest.ts'
export {
  MAXIMUM_STATEMENT_BYTES,
  type StatedFile,
  signStatement,
  statedFiles,
  verifyPackageStatement,
  verifyStatement,
} from './package/oms.ts'
export { MANIFEST_NAME, packagePath } from './package/paths.ts'
export type { PreprocessingStep } from './package/preprocessing.ts'
export { type DeclaredRadiomics, declaredRadiomics } from './package/radiomics.ts'
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
export { declarationOf } from './package/shipped-declarations.ts'
export { binsOf, MANUFACTURERS, STANDARD_FEATURES, standardBin, standardFeature } from './package/standard-features.ts'
export { type ManifestContent, type PackageContent, sealManifest, writePackage } from './package/write-package.ts'
export { type PhantomDicom, type PhantomDicomRequest, phantomDicom, qaPhantomDicom } from './phantom/phantom-dicom.ts'
export { seededRandom } from './phantom/random.ts'
export { type PhantomRequest, renderPhantom } from './phantom/render-phantom.ts'
export {
  drawQaPhantom,
  type QaPhantomRequest,
  type QaPhantomTruth,
  qaPhantomTruth,
} from './phantom/render-qa-phantom.ts'
export { SPLIT_NAME, type SplitPart, splitOfPatient } from './split.ts'
