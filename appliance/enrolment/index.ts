export { EnrolmentDesk, type EnrolmentDeskDependencies, type EnrolmentView } from './desk.ts'
export { EnrolmentError } from './errors.ts'
export { pinAnchors, pinnedFingerprints } from './pinned-trust.ts'
