export { type ConfirmationAsker, DeliveryConfirmation, type ObjectPlace } from './confirmation.ts'
export { DeliveryQueue, type DeliveryQueueDependencies } from './delivery-queue.ts'
export { DicomSender, type ResultSender } from './dicom-sender.ts'
export { findIdentityMismatch, type IdentityMismatch } from './identity-check.ts'
export {
  buildMeasurementReport,
  REPORT_SOP_CLASS,
  type Report,
  type ReportRequest,
  reportUid,
} from './measurement-report.ts'
export { buildWithdrawalNote, NOTE_SOP_CLASS, type WithdrawalNoteRequest } from './withdrawal-note.ts'
