import type { ModelPackage } from '@leadglass/models'
import type { WaitingRevision } from '../records/index.ts'
import type { ModelRun } from './score.ts'

/** A version that scores a study, and why it does. */
export interface ChosenModel {
  readonly package: ModelPackage
  readonly arm: 'champion' | 'canary' | 'arm'
  /** The version that runs beside the one in use; null for the one in use. */
  readonly candidateId: number | null
  /** What was in force; null where nothing was ever set. */
  readonly deploymentId: number | null
  /** What scores the study when this version fails; a study never goes without an answer for the sake of a trial. */
  readonly fallback: ModelPackage | undefined
}

/** How a version did on a revision; `failed` is the run that another version had to stand in for. */
export interface ModelUse {
  readonly chosen: ChosenModel
  readonly run: ModelRun
  readonly failed?: { readonly chosen: ChosenModel; readonly run: ModelRun }
}

/** A model that may not run now; `reason` as it stands in the result. */
export interface HaltedChoice {
  readonly package: ModelPackage
  readonly reason: string
}

/** Which versions score, and who counts how they do. */
export interface ModelChoice {
  /** One version a model name; asked once a revision, so that a revision has one version from end to end. */
  choose(study: Pick<WaitingRevision, 'studyId' | 'studyInstanceUid'>): readonly ChosenModel[]
  /** Models that would score and may not, and why. */
  halted(): readonly HaltedChoice[]
  /** Told in the transaction that writes the revision. @param leaves false: nothing about the study leaves the site. */
  written(revision: WaitingRevision, uses: readonly ModelUse[], leaves: boolean): void
}
