import type { JsonValue } from '@leadglass/sync-agent/foundation'
import { FRAMEWORKS, type Framework } from './catalogue/index.ts'
import { MODEL_VERSION } from './catalogue/model-version.ts'
import { asJson, instantOf } from './collect/collector.ts'
import { type Control, judge } from './evaluate.ts'
import type { Collected, Evidence } from './evidence.ts'
import type { Period } from './period.ts'

export const REPORT_SCHEMA = 'leadglass.compliance-report/1'

/** What a report is about. */
export type ReportSubject =
  | { readonly kind: 'framework'; readonly framework: Framework }
  | { readonly kind: 'model'; readonly name: string; readonly version: string; readonly digest: string }

/** One control as a report shows it; evidence by identifier. */
export interface ReportedControl {
  readonly clause: string
  readonly asks: string
  readonly status: 'met' | 'gap'
  readonly missing: readonly string[]
  readonly evidence: readonly string[]
}

/** A report: what was judged, what is missing, and the evidence once each. */
export interface ComplianceReport {
  readonly schema: typeof REPORT_SCHEMA
  readonly title: string
  readonly subject: ReportSubject
  readonly period: { readonly from: string; readonly until: string }
  readonly madeAt: string
  readonly softwareVersion: string
  readonly met: number
  readonly gaps: number
  readonly controls: readonly ReportedControl[]
  readonly evidence: readonly Evidence[]
  /** C2SP verifier keys of the logs in which entries are proven; each speaks for the log that it names. */
  readonly logKeys: readonly string[]
}

/** The controls for a subject. */
export function controlsOf(subject: ReportSubject): readonly Control[] {
  return subject.kind === 'model' ? MODEL_VERSION : FRAMEWORKS[subject.framework].controls
}

/** Judges every control of the subject over what was collected. The same input gives the same report. */
export function composeReport(request: {
  readonly subject: ReportSubject
  readonly period: Period
  readonly softwareVersion: string
  readonly logKeys: readonly string[]
  readonly collected: Collected
}): ComplianceReport {
  const { subject, period, softwareVersion, logKeys, collected } = request
  const used = new Map<string, Evidence>()
  const controls = controlsOf(subject).map((control): ReportedControl => {
    const { outcome } = judge(control, collected)
    for (const one of outcome.evidence) used.set(one.id, one)
    return {
      clause: control.clause,
      asks: control.asks,
      status: outcome.status,
      missing: outcome.status === 'gap' ? outcome.missing : [],
      evidence: outcome.evidence.map(({ id }) => id),
    }
  })
  const met = controls.filter(({ status }) => status === 'met').length
  return {
    schema: REPORT_SCHEMA,
    title: titleOf(subject),
    subject,
    period: { from: instantOf(period.from), until: instantOf(period.until) },
    madeAt: instantOf(period.until),
    softwareVersion,
    met,
    gaps: controls.length - met,
    controls,
    evidence: [...used.values()],
    logKeys,
  }
}

/** The report as plain JSON, for its digest. */
export function reportJson(report: ComplianceReport): JsonValue {
  return asJson(report)
}

function titleOf(subject: ReportSubject): string {
  return subject.kind === 'model' ? `Model ${subject.name} ${subject.version}` : FRAMEWORKS[subject.framework].title
}
