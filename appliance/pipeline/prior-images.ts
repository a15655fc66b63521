import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelPackage } from '@leadglass/models'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { instanceFacts, type ObjectSource, text, uid } from '../imaging/index.ts'
import { type Prior, relevantPriors } from '../priors/index.ts'
import type { PriorInstanceRow, PriorRecords, WaitingRevision } from '../records/index.ts'
import { fits } from '../scoring/index.ts'
import type { Gate } from './gate.ts'
import { PassedFile } from './passed-file.ts'
import { headerOf, type PreparedInstance } from './prepared-instance.ts'
import type { FindPriors, PriorImage, PriorsFound } from './prior-image.ts'

/** Objects of one earlier study that are looked at until one fits. */
const MOST_OBJECTS = 64
/** How long a study waits for its priors; they come over the network, and may never come. */
const LONGEST_WAIT_MS = 60_000
const LOOK_EVERY_MS = 250
const STUDY_DATE = 0x00080020

/** The priors that were fetched. */
export interface FetchedPriors {
  priorsOf(studyId: number): readonly Prior[]
  /** The PS3.10 object of an instance of a prior. @throws when it is gone or was changed. */
  read(digest: string): Promise<Buffer>
}

export interface PriorImagesParts {
  readonly records: { readonly priors: Pick<PriorRecords, 'searchState'> }
  readonly fetched: () => FetchedPriors
  readonly gate: Gate
  readonly clock: Clock
  readonly logger: Logger
  /** For tests. */
  readonly longestWaitMs?: number
}

/** Makes images of earlier studies into what workers may see: through the gate, as everything else. */
export class PriorImages {
  readonly #parts: PriorImagesParts

  constructor(parts: PriorImagesParts) {
    this.#parts = parts
  }

  /**
   * Finds for the models of one revision. An image of another patient than the revision's never serves.
   * @param folder of the revision's work, where the files lie for the workers.
   */
  finder(revision: Pick<WaitingRevision, 'studyId'>, folder: string): FindPriors {
    const passed = new Map<string, Promise<PriorImage | undefined>>()
    return async (model, instances) => {
      const rule = model.manifest.priors
      const [first] = instances
      if (rule === undefined || first === undefined) return { kind: 'none', reason: 'not-asked' }
      if (!(await this.#arrive(revision.studyId))) return { kind: 'none', reason: 'not-fetched' }
      const studyDate = text(first.header, STUDY_DATE) ?? ''
      const relevant = relevantPriors(rule, studyDate, this.#parts.fetched().priorsOf(revision.studyId))
      for (const prior of relevant) {
        const images = await this.#imagesOf(prior, model, first, folder, passed)
        if (images.length > 0) return { kind: 'found', images }
      }
      return { kind: 'none', reason: relevant.length === 0 ? 'none-relevant' : 'none-fits' } satisfies PriorsFound
    }
  }

  /** Waits until the search has ended. @returns false when it goes on for too long. */
  async #arrive(studyId: number): Promise<boolean> {
    const { records, clock, longestWaitMs = LONGEST_WAIT_MS } = this.#parts
    const until = clock.now() + longestWaitMs
    while (records.priors.searchState(studyId) === 'waiting') {
      if (clock.now() >= until) return false
      await sleep(LOOK_EVERY_MS)
    }
    return true
  }

  async #imagesOf(
    prior: Prior,
    model: ModelPackage,
    current: PreparedInstance,
    folder: string,
    passed: Map<string, Promise<PriorImage | undefined>>,
  ): Promise<PriorImage[]> {
    const { fit, priors } = model.manifest
    const objects = prior.objects.filter(({ sopClassUid }) => fit.sopClasses.includes(sopClassUid))
    const images: PriorImage[] = []
    for (const object of objects.slice(0, MOST_OBJECTS)) {
      const made = passed.get(object.digest) ?? this.#pass(prior, object, current, folder)
      passed.set(object.digest, made)
      const image = await made
      if (image === undefined || fits({ ...fit, age: undefined }, image.facts).kind !== 'fits') continue
      const bodyPart = priors?.relevant.bodyPart
      if (bodyPart === undefined || image.facts.bodyPart === bodyPart) images.push(image)
    }
    return images
  }

  /** One object through the gate; `undefined` where it is gone, not let through, or of somebody else. */
  async #pass(
    prior: Prior,
    { digest, sopClassUid, sopInstanceUid }: PriorInstanceRow,
    current: PreparedInstance,
    folder: string,
  ): Promise<PriorImage | undefined> {
    const { gate, fetched, logger } = this.#parts
    const bytes = await fetched()
      .read(digest)
      .catch(() => undefined)
    if (bytes === undefined) {
      logger.warn('pipeline.prior-unreadable', { prior: prior.priorId })
      return undefined
    }
    const source: ObjectSource = {
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
    }
    const path = join(folder, `prior-${prior.priorId}-${digest.slice(0, 16)}.dcm`)
    const file = new PassedFile(path)
    let isKept = false
    try {
      const outcome = await gate.pass(source, file)
      if (outcome.kind !== 'passed' || outcome.patientPseudonym !== current.patientPseudonym) return undefined
      isKept = true
      const { original, pixelRisk, identifiers } = outcome
      return {
        priorId: prior.priorId,
        studyInstanceUid: prior.studyInstanceUid,
        seriesInstanceUid: uid(original, 0x0020000e) ?? '',
        sopClassUid,
        sopInstanceUid,
        source: { kind: 'file', path },
        facts: instanceFacts(original),
        pixelRisk,
        identifiers,
        header: headerOf(original),
      }
    } finally {
      await file.close(isKept)
    }
  }
}
