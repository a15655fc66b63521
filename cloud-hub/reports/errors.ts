import { CodedError } from '@leadglass/sync-agent/foundation'

/** Why there is no report. */
export type ReportCode = 'period-invalid' | 'report-too-large'

const NEXT_STEP: Readonly<Record<ReportCode, string>> = {
  'period-invalid': 'Name the period as 30d, 12w or 1y.',
  'report-too-large': 'Ask for a shorter period.',
}

/** A report that was not made. */
export class ReportError extends CodedError<ReportCode> {
  constructor(code: ReportCode, message: string) {
    super(code, 'permanent', { message, effect: 'No report was made.', nextStep: NEXT_STEP[code] })
  }
}
