import type { AuditActor } from '@leadglass/sync-agent/audit-log'
import { deviceId } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { SignedReport } from '@leadglass/ui/contract/hub-api'
import type { AuditDesk, HubAudit } from '../audit/index.ts'
import { HUB_LOG_ORIGIN, siteLogOrigin } from '../audit/log-names.ts'
import { renderPdf } from '../print/index.ts'
import type { ModelVersion } from '../registry/index.ts'
import type { Framework } from './catalogue/index.ts'
import { together } from './collect/collector.ts'
import { collectDocuments } from './collect/documents.ts'
import { collectEntries } from './collect/entries.ts'
import { collectLogs } from './collect/logs.ts'
import { collectModels } from './collect/models.ts'
import { collectPeople } from './collect/people.ts'
import { collectTrust } from './collect/trust.ts'
import { collectVersion, type VersionParts } from './collect/version.ts'
import type { Collected } from './evidence.ts'
import { reportPaper } from './paper.ts'
import { type Period, parsePeriod } from './period.ts'
import { type ComplianceReport, composeReport, type ReportSubject } from './report.ts'
import type { ReportSigner } from './signed-report.ts'

/** What reports are made from, and signed with. */
export interface ReportParts extends Omit<VersionParts, 'hubLog'> {
  readonly audit: HubAudit
  readonly desk: AuditDesk
  readonly signer: ReportSigner
  /** Where people lay documents. */
  readonly evidenceFolder: string
  readonly softwareVersion: string
  readonly clock: Clock
}

/** Makes reports. Nothing is kept but the entry of the log that says who took which report: the same facts make it again. */
export class ReportDesk {
  readonly #parts: ReportParts

  constructor(parts: ReportParts) {
    this.#parts = parts
  }

  /** @throws {ReportError} `period-invalid` */
  async framework(framework: Framework, period: string): Promise<ComplianceReport> {
    const { desk, clock, evidenceFolder, database } = this.#parts
    const span = parsePeriod(period, clock.now())
    const follow = (): void => {
      while (desk.index.follow(100_000) > 0);
    }
    const entries = collectEntries({ database, follow, logOf: (origin) => desk.logs.of(origin) }, span)
    const collected = together([
      entries,
      collectLogs(this.#parts),
      collectPeople(database, span),
      collectTrust({ ...this.#parts, hubLog: desk.logs.of(HUB_LOG_ORIGIN) }, span),
      await collectModels(this.#parts),
      await collectDocuments(evidenceFolder, clock.now()),
    ])
    return this.#compose({ kind: 'framework', framework }, span, collected)
  }

  /** @throws {ReportError} `period-invalid` */
  async version(version: ModelVersion, period: string): Promise<ComplianceReport> {
    const { desk, clock } = this.#parts
    const span = parsePeriod(period, clock.now())
    const collected = await collectVersion({ ...this.#parts, hubLog: () => desk.logs.of(HUB_LOG_ORIGIN) }, version)
    const { name, version: number, digest } = version.model
    return this.#compose({ kind: 'model', name, version: number, digest }, span, collected)
  }

  /** A signed report. */
  sign(report: ComplianceReport): SignedReport {
    return this.#parts.signer.sign(report)
  }

  /** Writes down who takes a report away in which form. */
  recordExport({ report: { subject }, digest }: SignedReport, by: AuditActor, form: 'json' | 'pdf'): void {
    const codes = [
      form,
      subject.kind === 'model' ? `model.${subject.name.slice(0, 40)}` : `framework.${subject.framework}`,
    ]
    this.#parts.audit.record({
      event: 'report.exported',
      actor: by,
      subject: { kind: 'report', id: digest },
      outcome: 'success',
      codes,
    })
  }

  /** The report on paper, signed. @throws {PrintError} for a report that is too large for paper */
  async paper(report: ComplianceReport, digest: string): Promise<Uint8Array> {
    const paper = reportPaper(report, digest)
    return this.#parts.signer.signPdf(
      await renderPdf({ ...paper, createdAt: toIsoInstant(Date.parse(report.madeAt)) }),
      digest,
    )
  }

  /** The key under which reports verify: that of the hub's log. */
  verifierKey(): string {
    return this.#parts.audit.verifierKey()
  }

  #compose(subject: ReportSubject, period: Period, collected: Collected): ComplianceReport {
    return composeReport({
      subject,
      period,
      softwareVersion: this.#parts.softwareVersion,
      logKeys: this.#logKeys(),
      collected,
    })
  }

  /** The keys of the logs that entries are proven in: the hub's own, and those that it pinned of its boxes. */
  #logKeys(): readonly string[] {
    const { audit, desk, fleet } = this.#parts
    const sites = fleet
      .devices()
      .flatMap(({ device }) => desk.logs.of(siteLogOrigin(deviceId.parse(device)))?.keys[0] ?? [])
    return [audit.verifierKey(), ...sites]
  }
}
