export { CONTACT_EVERY_MS, ContactWatch } from './contact-watch.ts'
export {
  DesiredBook,
  type DesiredEdit,
  type DesiredRow,
  type DesiredScope,
  type EditOutcome,
} from './desired-book.ts'
export { type DesiredProgress, differences, type SectionDifference } from './desired-rules.ts'
export { DesiredSigner } from './desired-signer.ts'
export {
  type CosignedCheckpoint,
  Fleet,
  type FleetAlarm,
  type FleetDevice,
  type FleetStream,
} from './fleet.ts'
export { ReportedBook, type ReportedRow, type ReportRefusal } from './reported-book.ts'
