import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, isCodedError, type Logger, type Service } from '@leadglass/sync-agent/foundation'
import type { AskedCount, Records, RevisionOrigin } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { ArchiveSource } from '../settings-archives.ts'
import { type Evidence, expectedInstances } from './completeness.ts'

const POLL_MS = 250
const STOP_GRACE_MS = 5000
/** Times that a source is asked about one revision after its association has ended. */
export const MOST_COUNT_ATTEMPTS = 3
const FIRST_RETRY_MS = 2000

/** Asks an archive how many instances a study has (0020,1208). `undefined`: it does not know or tell. @throws DimseError. */
export type CountAsker = (source: ArchiveSource, studyInstanceUid: string) => Promise<number | undefined>

export interface StudyEvidenceParts {
  readonly records: Pick<Records, 'evidence' | 'revisions' | 'transaction'>
  readonly settings: CurrentSettings
  readonly ask: CountAsker
  readonly clock: Clock
  readonly logger: Logger
}

/** What the assembler needs to know of evidence. */
export interface CompletenessEvidence {
  /** What is known now about a revision; `undefined` where the site has configured no evidence or nobody said anything. */
  of(revisionId: number): Evidence | undefined
  /** The last open association that sent to a revision has ended. */
  associationsEnded(revisionId: number): void
  /** A revision is being closed, inside the transaction. @returns how many instances were named for it. */
  closed(revisionId: number): number | undefined
}

/**
 * Gathers what peers say about how much belongs to a study: procedure steps and announcements that came, and the
 * number that its source tells when it is asked. A source is asked when the associations that sent the study have
 * ended, a bounded number of times; what it said is on disk, so a restart goes on where it was.
 */
export class StudyEvidence implements CompletenessEvidence, Service {
  readonly #parts: StudyEvidenceParts
  /** Revisions whose source is still to be asked. */
  readonly #asking = new Map<number, AskedCount>()
  readonly #running = new Map<number, Promise<void>>()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: StudyEvidenceParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const { records } = this.#parts
    for (const { revisionId } of records.revisions.receiving()) {
      const count = records.evidence.countOf(revisionId)
      if (count !== undefined && count.nextAt !== null) this.#asking.set(revisionId, count)
    }
    this.#timer = setInterval(() => {
      this.wake()
    }, POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    // A source that does not answer must not hold up the stop; the question is in the record.
    await Promise.race([Promise.all(this.#running.values()), sleep(STOP_GRACE_MS, undefined, { ref: false })])
  }

  of(revisionId: number): Evidence | undefined {
    const { records, settings } = this.#parts
    const { assembly, sources } = settings()
    const counts = sources.some((source) => source.counts.length > 0)
    if (!assembly.procedureSteps && !assembly.availability && !counts) return undefined
    const origin = records.evidence.originOf(revisionId)
    if (origin === undefined) return undefined
    const { studyInstanceUid, held } = origin
    const steps = assembly.procedureSteps ? records.evidence.steps(studyInstanceUid) : undefined
    const announced = assembly.availability ? records.evidence.announced(studyInstanceUid) : undefined
    const procedureStep =
      steps === undefined || steps.steps === 0
        ? undefined
        : { ...records.evidence.stepInstances(studyInstanceUid), inProgress: steps.inProgress }
    const availability = announced === undefined || announced.instances === 0 ? undefined : announced
    const count = counts ? wordOf(records.evidence.countOf(revisionId)) : undefined
    if (procedureStep === undefined && availability === undefined && count === undefined) return undefined
    return { held, procedureStep, availability, count }
  }

  associationsEnded(revisionId: number): void {
    const { records, settings, clock } = this.#parts
    if (settings().sources.every((source) => source.counts.length === 0)) return
    const origin = records.evidence.originOf(revisionId)
    if (origin === undefined) return
    const source = sourceFor(settings().sources, origin)
    if (source === undefined) return
    const known = records.evidence.countOf(revisionId)
    // After a restart the same question is not asked anew: what was told is told.
    if (known !== undefined && known.askedAtHeld === origin.held && known.source === source.name) return
    this.#put(revisionId, {
      source: source.name,
      askedAtHeld: origin.held,
      attempts: 0,
      nextAt: clock.now(),
      instances: null,
    })
    this.wake()
  }

  closed(revisionId: number): number | undefined {
    const expected = expectedInstances(this.of(revisionId))
    if (expected !== undefined) this.#parts.records.evidence.setExpected(revisionId, expected)
    this.#asking.delete(revisionId)
    return expected
  }

  /** Asks the sources that are due now. */
  wake(): void {
    if (this.#timer === undefined) return
    const { clock, logger } = this.#parts
    for (const [revisionId, count] of this.#asking) {
      if (this.#running.has(revisionId) || count.nextAt === null || count.nextAt > clock.now()) continue
      const work = this.#ask(revisionId, count)
        .catch((cause: unknown) => {
          logger.error('intake.count-failed', { code: codeOf(cause) })
        })
        .finally(() => {
          this.#running.delete(revisionId)
        })
      this.#running.set(revisionId, work)
    }
  }

  async #ask(revisionId: number, count: AskedCount): Promise<void> {
    const { records, settings, ask, clock, logger } = this.#parts
    const origin = records.evidence.originOf(revisionId)
    const source = settings().sources.find((one) => one.name === count.source)
    if (origin === undefined || source === undefined) {
      this.#put(revisionId, { ...count, nextAt: null })
      return
    }
    let told: number | undefined
    try {
      told = await ask(source, origin.studyInstanceUid)
    } catch (cause) {
      logger.info('intake.count-unanswered', { source: source.name, code: codeOf(cause) })
    }
    // Another association may have ended meanwhile: then the question was asked anew.
    if (this.#asking.get(revisionId) !== count) return
    const attempts = count.attempts + 1
    const held = records.evidence.originOf(revisionId)?.held ?? origin.held
    // A source that has fewer than were sent has not caught up with itself yet.
    const settled = told !== undefined && told >= held
    const nextAt =
      settled || attempts >= MOST_COUNT_ATTEMPTS ? null : clock.now() + FIRST_RETRY_MS * 2 ** (attempts - 1)
    this.#put(revisionId, { ...count, attempts, nextAt, instances: told ?? null })
  }

  #put(revisionId: number, count: AskedCount): void {
    const { records } = this.#parts
    records.transaction(() => {
      records.evidence.putCount(revisionId, count)
    })
    if (count.nextAt === null) this.#asking.delete(revisionId)
    else this.#asking.set(revisionId, count)
  }
}

function sourceFor(sources: readonly ArchiveSource[], { callingAeTitle }: RevisionOrigin): ArchiveSource | undefined {
  const title = callingAeTitle.trim()
  return sources.find((source) => source.counts.some((one) => one.trim() === title))
}

function wordOf(count: AskedCount | undefined): Evidence['count'] {
  if (count === undefined) return undefined
  if (count.nextAt !== null) return { kind: 'asking' }
  return count.instances === null ? undefined : { kind: 'told', instances: count.instances }
}

function codeOf(cause: unknown): string {
  return isCodedError(cause) ? cause.code : 'unexpected'
}
