import { setImmediate as turn } from 'node:timers/promises'
import type { AuditActor, AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, type Service, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { PerformanceView } from '@leadglass/ui/contract/hub-api'
import type Database from 'better-sqlite3'
import type { Registry } from '../registry/index.ts'
import { AlertBook } from './alert-book.ts'
import { assessChunks } from './assess.ts'
import { PerformanceError } from './errors.ts'
import { doubtOf, type Estimator, fitEstimator, REFERENCE_MINIMUM } from './estimator.ts'
import type { LabelledCase } from './figures.ts'
import { LookTimer } from './look-timer.ts'
import { type Reference, ReferenceBook } from './references.ts'
import { boundsBySite } from './score-counts.ts'
import { readStudyCases, type StudyCase, type StudyCases } from './study-cases.ts'
import { verdictOf } from './verdict.ts'
import { ViewBook } from './view-book.ts'

const EVERY_MS = 3_600_000
/** Splits and resamples are drawn from it: the same cases give the same figures. */
const SEED = 8_016_2026
/** All sites together. */
const ALL_SITES = '*'

const CODES = `SELECT code FROM instance_scores
  WHERE envelope = (SELECT max(envelope) FROM instance_features WHERE model_digest = ?) ORDER BY position`
const COUNTED = `SELECT DISTINCT substr(feature, 7) AS code FROM drift_counts
  WHERE model_digest = ? AND feature LIKE 'score.%' ORDER BY code`
const LAST = `SELECT (SELECT max(envelope) FROM instance_features WHERE model_digest = ?) AS scores,
  (SELECT max(envelope) FROM study_labels) AS labels, (SELECT max(envelope) FROM study_revisions) AS revisions,
  (SELECT max(envelope) FROM drift_counts WHERE model_digest = ?) AS counts,
  (SELECT count(*) FROM revoked_reader) AS revoked, (SELECT count(*) FROM lake_erasure) AS erased`
const HAS_LABELS = 'SELECT 1 FROM study_labels WHERE finding = ? LIMIT 1'

/** What the monitor works with. */
export interface PerformanceParts {
  readonly database: Database.Database
  readonly registry: Registry
  readonly audit: { record(event: AuditEventInput): void }
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Watches how versions perform in use: estimated from scores alone where nobody has labelled, measured beside it where
 * blinded readers have. A look computes what pages show and raises alerts; an hour later the next.
 */
export class PerformanceMonitor implements Service {
  readonly alerts: AlertBook
  readonly #parts: PerformanceParts
  readonly #views: ViewBook
  readonly #references: ReferenceBook
  readonly #timer: LookTimer

  constructor(parts: PerformanceParts) {
    this.#parts = parts
    this.#views = new ViewBook(parts.database)
    this.#references = new ReferenceBook(parts.database, parts.clock)
    this.alerts = new AlertBook({ kind: 'performance', ...parts })
    this.#timer = new LookTimer(() => this.look(), EVERY_MS, parts.logger, 'performance.look-failed')
  }

  start(): Promise<void> {
    return this.#timer.start()
  }

  stop(): Promise<void> {
    return this.#timer.stop()
  }

  /** What the last look computed. */
  views(wish?: Parameters<ViewBook['list']>[0]): PerformanceView[] {
    return this.#views.list(wish)
  }

  /** One look at every version that sites have used. @returns how many alerts are new. */
  async look(): Promise<number> {
    let raised = 0
    for (const model of this.#models()) {
      for (const finding of this.#findings(model.digest)) {
        raised += await this.#lookAt(model, finding)
        await turn()
      }
    }
    return raised
  }

  /**
   * Takes cases that somebody brings as the reference of a version.
   * @returns its digest.
   * @throws {PerformanceError} `unknown-version`, `reference-unfit`
   */
  takeReference(
    request: {
      readonly model: string
      readonly finding: string
      readonly reason: string
      readonly cases: LabelledCase[]
    },
    actor: AuditActor,
  ): string {
    if (this.#parts.registry.version(request.model) === undefined) {
      throw new PerformanceError('unknown-version', 'the registry knows no version with this digest')
    }
    const doubt = doubtOf(request.cases)
    if (doubt !== undefined) throw new PerformanceError('reference-unfit', `the cases cannot be a reference: ${doubt}`)
    const made = {
      labelled: request.cases,
      source: 'uploaded',
      until: null,
      by: actor.id,
      reason: request.reason,
    } as const
    return this.#keep(request.model, request.finding, actor, made)
  }

  async #lookAt(model: ModelReference, finding: string): Promise<number> {
    const { database, clock } = this.#parts
    const known = this.#references.of(model.digest, finding)
    const last = JSON.stringify({
      ...(database.prepare(LAST).get(model.digest, model.digest) as object),
      r: known?.digest,
    })
    if (this.#views.asOf(model.digest, finding) === last) return 0
    const labelled = database.prepare(HAS_LABELS).get(finding) !== undefined
    const nothing: StudyCases = { cases: [], accounting: { studies: 0, used: 0, excluded: {} } }
    const found = known === undefined && !labelled ? nothing : await readStudyCases(database, model.digest, finding)
    const reference = known ?? this.#madeFromLabels(model.digest, finding, found.cases)
    const base = { model, finding, computedAt: toIsoInstant(clock.now()) }
    const views = await this.#viewsOf(base, found, reference)
    this.#views.replace(model.digest, finding, last, views)
    return views.filter((view) => view.device !== ALL_SITES && this.#judge(view)).length
  }

  async #viewsOf(
    base: Pick<PerformanceView, 'model' | 'finding' | 'computedAt'>,
    { cases, accounting }: StudyCases,
    reference: Reference | undefined,
  ): Promise<PerformanceView[]> {
    const labels = { ...accounting, excluded: { ...accounting.excluded } as Record<string, number> }
    const bare = { ...base, labels, reference: null, chunkings: [], counts: [] }
    if (reference === undefined) {
      return [{ ...bare, device: ALL_SITES, state: 'no-reference', studies: cases.length }]
    }
    const fitted = fitEstimator(reference.labelled, SEED)
    if (fitted.state === 'refused') {
      return [{ ...bare, device: ALL_SITES, state: fitted.reason, studies: cases.length }]
    }
    const { estimator } = fitted
    const facts = referenceFacts(reference, estimator)
    const views: PerformanceView[] = []
    const bySite = Map.groupBy(cases, (one) => one.device)
    for (const [device, some] of [[ALL_SITES, cases] as const, ...bySite]) {
      const chunkings = await assessChunks(some, estimator, reference.until)
      views.push({ ...bare, device, state: 'estimated', studies: some.length, reference: facts, chunkings })
      await turn()
    }
    const counts = await boundsBySite(this.#parts, { digest: base.model.digest, finding: base.finding }, estimator)
    for (const [device, months] of counts) {
      // Single scores say more than counts of them.
      if (bySite.has(device)) continue
      const studies = months.reduce((sum, one) => sum + one.n, 0)
      views.push({ ...bare, device, state: 'from-counts', studies, reference: facts, counts: months })
    }
    return views
  }

  #judge(view: PerformanceView): boolean {
    const verdict = verdictOf(view.chunkings)
    if (verdict === undefined) return false
    const { device, model, finding } = view
    return this.alerts.raise({
      device,
      model: model,
      finding,
      what: 'estimated-performance',
      ...verdict,
    })
  }

  /** The first labelled studies, as soon as there are enough. Fixed from then on: a moving reference would hide decay. */
  #madeFromLabels(digest: string, finding: string, cases: readonly StudyCase[]): Reference | undefined {
    const labelled: (StudyCase & LabelledCase)[] = []
    const ofClass = [0, 0]
    for (const one of cases) {
      if (one.label === null || !Number.isFinite(one.score)) continue
      labelled.push(one as StudyCase & LabelledCase)
      ofClass[one.label] = (ofClass[one.label] ?? 0) + 1
      const enough = labelled.length >= REFERENCE_MINIMUM.cases && Math.min(...ofClass) >= REFERENCE_MINIMUM.ofEachClass
      if (!enough) continue
      const made = { labelled, source: 'site-labels', until: one.receivedAt, by: 'hub', reason: null } as const
      this.#keep(digest, finding, { kind: 'system', id: 'hub' }, made)
      return this.#references.of(digest, finding)
    }
    return undefined
  }

  #keep(digest: string, finding: string, actor: AuditActor, made: Parameters<ReferenceBook['keep']>[1]): string {
    const { database, audit } = this.#parts
    return database
      .transaction(() => {
        const kept = this.#references.keep({ modelDigest: digest, finding }, made)
        audit.record({
          event: 'performance.referenced',
          actor,
          subject: { kind: 'model', id: digest },
          outcome: 'success',
          codes: [finding, made.source],
        })
        return kept
      })
      .immediate()
  }

  #models(): ModelReference[] {
    const { registry } = this.#parts
    return registry.names().flatMap((name) => registry.versions(name).map((one) => one.model))
  }

  #findings(digest: string): string[] {
    const of = (sql: string): string[] =>
      (this.#parts.database.prepare(sql).all(digest) as { readonly code: string }[]).map((row) => row.code)
    return [...new Set([...of(CODES), ...of(COUNTED)])]
  }
}

function referenceFacts(reference: Reference, estimator: Estimator): PerformanceView['reference'] {
  const { labelled: _, ...facts } = reference
  const [low, high] = estimator.support
  return { ...facts, calibration: estimator.calibration.method, support: { low, high } }
}
