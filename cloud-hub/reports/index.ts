export { FRAMEWORK_NAMES, FRAMEWORKS, type Framework } from './catalogue/index.ts'
export type { RepositoryListing } from './collect/version.ts'
export { ReportDesk } from './report-desk.ts'
export { type ReportRefusal, ReportSigner, type ReportVerdict, verifyReport } from './signed-report.ts'
