import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, isCodedError, type Logger, type Service } from '@leadglass/sync-agent/foundation'
import {
  type CurrentStudy,
  choosePriors,
  type InstanceFacts,
  type PriorCandidate,
  type PriorRule,
  type RetrieveOutcome,
  type StorageService,
} from '../dimse/index.ts'
import type { AuditSink } from '../egress/index.ts'
import { parsePart10, text } from '../imaging/dataset/index.ts'
import type { AskingStudy, PriorInstanceRow, PriorRow, PriorState, Records } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { ArchiveSource } from '../settings-archives.ts'
import { PriorStorage } from './prior-storage.ts'
import type { PriorVault } from './vault.ts'

const POLL_MS = 1000
const STOP_GRACE_MS = 5000
const MOST_ATTEMPTS = 8
const FIRST_RETRY_MS = 60_000
const LONGEST_RETRY_MS = 3_600_000

const ISSUER_OF_PATIENT_ID = 0x00100021
const BODY_PART_EXAMINED = 0x00180015
/** Modalities of objects that only accompany images (PS3.3 C.7.3.1.1.1). */
const ACCOMPANYING: ReadonlySet<string> = new Set(['SR', 'PR', 'KO', 'SEG', 'REG', 'RWV', 'DOC', 'OT'])

/** The archives of the site. */
export interface PriorArchive {
  /** @throws DimseError when the archive cannot be asked. */
  find(source: ArchiveSource, current: CurrentStudy, rule: PriorRule): Promise<readonly PriorCandidate[]>
  /** Fetches one study into `storage`. @throws DimseError when there is no answer. */
  fetch(
    source: ArchiveSource,
    studyInstanceUid: string,
    storage: StorageService,
    bounds: { readonly maximumInstances: number; readonly signal: AbortSignal },
  ): Promise<RetrieveOutcome>
}

export interface PriorFetcherParts {
  readonly records: Pick<Records, 'priors' | 'transaction'>
  readonly vault: PriorVault
  readonly archive: PriorArchive
  /** The PS3.10 bytes of an instance that was sent to the appliance. */
  readonly readInstance: (digest: string) => Promise<Uint8Array>
  readonly encodeFileMeta: (facts: InstanceFacts) => Uint8Array
  readonly settings: CurrentSettings
  /** Priors are optional work: while this says no they wait. */
  readonly mayWork: () => boolean
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  readonly onChanged: (studyId: number) => void
}

/** A prior with its instances, for the pipeline and for people. */
export interface Prior extends PriorRow {
  readonly objects: readonly PriorInstanceRow[]
}

/**
 * Fetches earlier studies of a patient by the site's rule, once for each study that comes. One search at a time, bounded
 * in studies, instances and bytes; the work is in the record, so a restart goes on with it.
 */
export class PriorFetcher implements Service {
  readonly #parts: PriorFetcherParts
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #stopping = new AbortController()

  constructor(parts: PriorFetcherParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    await this.#parts.vault.prepare((digest) => this.#parts.records.priors.holdsDigest(digest))
    this.#stopping = new AbortController()
    this.#timer = setInterval(() => void this.wake(), POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#stopping.abort()
    // An archive that answers no cancel must not hold up the stop; the search is in the record.
    await Promise.race([this.#working, sleep(STOP_GRACE_MS, undefined, { ref: false })])
  }

  /** A study is complete: its priors are wanted, if the site has configured any. */
  wanted(studyId: number): void {
    const { records, settings, clock, logger } = this.#parts
    const { priors, sources } = settings()
    if (priors.maximum === 0 || !sources.some((source) => source.priors)) return
    try {
      records.transaction(() => records.priors.ask(studyId, clock.now()))
    } catch (cause) {
      logger.error('priors.not-asked', { code: codeOf(cause) })
    }
  }

  /** The priors of a study, newest first, with what is held of each. */
  priorsOf(studyId: number): readonly Prior[] {
    const { records } = this.#parts
    return records.priors.of(studyId).map((prior) => ({ ...prior, objects: records.priors.instances(prior.priorId) }))
  }

  /** The PS3.10 object of an instance of a prior. @throws when it is gone or was changed. */
  read(digest: string): Promise<Buffer> {
    return this.#parts.vault.read(digest)
  }

  /** Looks now for searches that are due. Settles when one is dealt with. */
  wake(): Promise<void> {
    if (this.#timer === undefined) return Promise.resolve()
    this.#working ??= this.#work()
      .catch((cause: unknown) => {
        this.#parts.logger.error('priors.failed', { code: codeOf(cause) })
      })
      .finally(() => {
        this.#working = undefined
      })
    return this.#working
  }

  async #work(): Promise<void> {
    const { records, clock, onChanged, mayWork } = this.#parts
    if (!mayWork()) return
    const [due] = records.priors.due(clock.now(), 1)
    if (due === undefined) return
    const study = records.priors.asking(due.studyId)
    if (study === undefined) return
    let reason: string | undefined
    try {
      reason = await this.#search(due.studyId, study)
    } catch (cause) {
      reason = codeOf(cause)
    }
    records.transaction(() => {
      if (reason === undefined) records.priors.settle(due.studyId, 'done', null)
      else if (due.attempts + 1 >= MOST_ATTEMPTS) records.priors.settle(due.studyId, 'failed', reason)
      else {
        const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** due.attempts)
        records.priors.postpone(due.studyId, reason, clock.now() + wait)
      }
      this.#tell(due.studyId, study, reason)
    })
    onChanged(due.studyId)
  }

  /** @returns why it is worth another attempt, or `undefined` when the search is over. */
  async #search(studyId: number, study: AskingStudy): Promise<string | undefined> {
    const { archive, settings, logger } = this.#parts
    const { priors, sources } = settings()
    const current = await this.#currentOf(study)
    // A study that names no body part cannot be compared by it.
    const rule = { ...priors, sameBodyPart: priors.sameBodyPart && current.bodyPart !== '' }
    const found = new Map<string, { readonly source: ArchiveSource; readonly candidate: PriorCandidate }>()
    let again: string | undefined
    for (const source of sources.filter((one) => one.priors)) {
      try {
        for (const candidate of await archive.find(source, current, rule))
          if (!found.has(candidate.studyInstanceUid)) found.set(candidate.studyInstanceUid, { source, candidate })
      } catch (cause) {
        logger.warn('priors.source-failed', { source: source.name, code: codeOf(cause) })
        again ??= codeOf(cause)
      }
    }
    const candidates = [...found.values()].map((one) => one.candidate)
    for (const { studyInstanceUid } of choosePriors(current, candidates, rule)) {
      const one = found.get(studyInstanceUid)
      if (one === undefined) continue
      again = (await this.#fetch(studyId, study, one.source, one.candidate)) ?? again
    }
    return again
  }

  async #fetch(
    studyId: number,
    { patientId }: AskingStudy,
    source: ArchiveSource,
    { studyInstanceUid, studyDate, modalities }: PriorCandidate,
  ): Promise<string | undefined> {
    const { records, vault, archive, encodeFileMeta, settings, clock, logger } = this.#parts
    const { maximumInstances, maximumBytes } = settings().priors
    const row = { studyInstanceUid, source: source.name, studyDate, modalities: modalities.join('\\') }
    const { priorId, state } = records.transaction(() => records.priors.begin(studyId, row))
    if (state === 'whole') return undefined
    const storage = new PriorStorage({
      vault,
      expectation: { studyInstanceUid, patientId, maximumInstances, maximumBytes },
      encodeFileMeta,
      enter: (instance) => {
        records.transaction(() => {
          records.priors.add(priorId, instance)
        })
      },
    })
    const end = (how: PriorState, reason: string | null): void => {
      records.transaction(() => {
        records.priors.end(priorId, how, reason, clock.now())
      })
    }
    try {
      const { signal } = this.#stopping
      const outcome = await archive.fetch(source, studyInstanceUid, storage, { maximumInstances, signal })
      if (signal.aborted && outcome.kind !== 'complete') throw new Error('stopped')
      const { refused, instances } = storage.counts
      if (outcome.kind === 'complete' && refused === 0) end('whole', instances === 0 ? 'nothing-came' : null)
      else if (refused > 0) end('partial', 'beyond-bounds')
      else end(instances > 0 ? 'partial' : 'failed', `status-${outcome.status.toString(16).padStart(4, '0')}`)
      return undefined
    } catch (cause) {
      logger.warn('priors.fetch-failed', { source: source.name, code: codeOf(cause) })
      end(storage.counts.instances > 0 ? 'partial' : 'failed', codeOf(cause))
      return codeOf(cause)
    }
  }

  async #currentOf(study: AskingStudy): Promise<CurrentStudy> {
    const { studyInstanceUid, patientId, patientBirthDate, studyDate, modalities, digest } = study
    const all = modalities.split('\\').filter((one) => one !== '')
    const modality = all.find((one) => !ACCOMPANYING.has(one)) ?? all[0] ?? ''
    const known = { studyInstanceUid, patientId, patientBirthDate, studyDate, modality }
    if (digest === null) return { ...known, issuerOfPatientId: '', bodyPart: '' }
    const { dataSet } = parsePart10(await this.#parts.readInstance(digest))
    return {
      ...known,
      issuerOfPatientId: text(dataSet, ISSUER_OF_PATIENT_ID) ?? '',
      bodyPart: text(dataSet, BODY_PART_EXAMINED) ?? '',
    }
  }

  #tell(studyId: number, { studyPseudonym }: AskingStudy, reason: string | undefined): void {
    const { records, audit } = this.#parts
    const priors = records.priors.of(studyId)
    const instances = priors.reduce((sum, prior) => sum + prior.instances, 0)
    audit.record(
      {
        event: 'prior.fetched',
        actor: { kind: 'system', id: 'intake' },
        subject: { kind: 'study', id: studyPseudonym },
        outcome: reason === undefined ? 'success' : 'failure',
        codes: [`studies-${priors.length}`, `instances-${instances}`, ...(reason === undefined ? [] : [reason])],
      },
      studyId,
    )
  }
}

function codeOf(cause: unknown): string {
  return isCodedError(cause) ? cause.code : 'unexpected'
}
