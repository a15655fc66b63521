export { type CircuitState, CLOSED } from './circuit-breaker.ts'
export type { Report } from './composite-object.ts'
export { type ConfirmationAsker, DeliveryConfirmation, type ObjectPlace } from './confirmation.ts'
export { DeliveryQueue, type DeliveryQueueDependencies } from './delivery-queue.ts'
export { DicomSender } from './dicom-sender.ts'
export { type FailureMeaning, meaningOf } from './failures.ts'
export { FhirSender } from './fhir-sender.ts'
export { hasPlane } from './frame-groups.ts'
export { findsOverHttp } from './http-finder.ts'
export { findIdentityMismatch, type IdentityMismatch } from './identity-check.ts'
export {
  buildMeasurementReport,
  REPORT_SOP_CLASS,
  type ReplacedResult,
  type ReportRequest,
  reportSeriesUid,
  reportUid,
} from './measurement-report.ts'
export { buildNotScoredReport, type NotScoredRequest, notScoredSeriesUid } from './not-scored-report.ts'
export { findObjectFault } from './object-check.ts'
export { buildParametricMap, parametricMapUid } from './parametric-map.ts'
export { buildPresentationStates } from './presentation-state.ts'
export { buildSecondaryCapture } from './secondary-capture.ts'
export { buildSegmentation } from './segmentation.ts'
export { type ResultSender, SenderByProtocol } from './sender.ts'
export { StowSender } from './stow-sender.ts'
export { buildWithdrawalNote, NOTE_SOP_CLASS, type WithdrawalNoteRequest } from './withdrawal-note.ts'
