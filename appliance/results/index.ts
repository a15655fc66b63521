export { type CircuitState, CLOSED } from './circuit-breaker.ts'
export { type ConfirmationAsker, DeliveryConfirmation, type ObjectPlace } from './confirmation.ts'
export { DeliveryQueue, type DeliveryQueueDependencies } from './delivery-queue.ts'
export { DicomSender } from './dicom-sender.ts'
export { type FailureMeaning, meaningOf } from './failures.ts'
export { FhirSender } from './fhir-sender.ts'
export { findsOverHttp } from './http-finder.ts'
export { findIdentityMismatch, type IdentityMismatch } from './identity-check.ts'
export {
  buildMeasurementReport,
  REPORT_SOP_CLASS,
  type ReplacedResult,
  type Report,
  type ReportRequest,
  reportSeriesUid,
  reportUid,
} from './measurement-report.ts'
export { buildNotScoredReport, type NotScoredRequest, notScoredSeriesUid } from './not-scored-report.ts'
export { buildSecondaryCapture } from './secondary-capture.ts'
export { type ResultSender, SenderByProtocol } from './sender.ts'
export { StowSender } from './stow-sender.ts'
export { buildWithdrawalNote, NOTE_SOP_CLASS, type WithdrawalNoteRequest } from './withdrawal-note.ts'
