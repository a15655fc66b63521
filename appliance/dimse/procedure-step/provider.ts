import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { STATUS } from '../message/commands.ts'
import type {
  AvailabilityNotification,
  AvailabilityService,
  MessageRefusal,
  NewProcedureStep,
  ProcedureStepChange,
  ProcedureStepService,
} from '../ports.ts'

type Status = 'IN PROGRESS' | 'COMPLETED' | 'DISCONTINUED'

/** Keeps steps and announcements. What a transaction did is on disk when it returns. */
export interface ProcedureStepStore {
  /** @returns false when a step with this UID is there already. */
  createStep(
    sopInstanceUid: string,
    status: Status,
    callingAeTitle: string,
    studies: readonly string[],
    at: number,
  ): boolean
  step(sopInstanceUid: string): { readonly stepId: number; readonly status: Status } | undefined
  setStep(stepId: number, status: Status, at: number): void
  setStepInstances(stepId: number, instances: readonly string[]): void
  announce(studyInstanceUid: string, instances: readonly string[], at: number): void
  /** Removes what was last changed before this. */
  forget(before: number): void
}

export interface ProcedureStepParts {
  readonly store: ProcedureStepStore
  /** Runs `work` so that all of it is on disk when this returns, or none of it. */
  readonly transaction: <T>(work: () => T) => T
  readonly clock: Clock
  readonly logger: Logger
}

/** What nobody sent a study for is of no use later. */
const KEEP_MS = 90 * 86_400_000

/** PS3.4 table F.7.2-2: the step may no longer be updated. */
const NO_LONGER_UPDATED = 0xa710

/**
 * SCP of Modality Performed Procedure Step (PS3.4 F.7) and of Instance Availability Notification (PS3.4 R.3). It keeps
 * what the peers say about how much belongs to a study, and decides nothing.
 */
export class ProcedureStepProvider implements ProcedureStepService, AvailabilityService {
  readonly #parts: ProcedureStepParts

  constructor(parts: ProcedureStepParts) {
    this.#parts = parts
  }

  create({ sopInstanceUid, association, studyInstanceUids }: NewProcedureStep): 'accepted' | MessageRefusal {
    const { store, transaction, clock, logger } = this.#parts
    const now = clock.now()
    const title = association.callingAeTitle.trim()
    const isNew = transaction(() => {
      store.forget(now - KEEP_MS)
      return store.createStep(sopInstanceUid, 'IN PROGRESS', title, studyInstanceUids, now)
    })
    if (!isNew)
      return { kind: 'refused', status: STATUS.duplicateSopInstance, comment: 'a step with this UID is here already' }
    logger.info('dimse.procedure-step.created', { studies: studyInstanceUids.length })
    return 'accepted'
  }

  set({ sopInstanceUid, status, instances }: ProcedureStepChange): 'accepted' | MessageRefusal {
    const { store, transaction, clock, logger } = this.#parts
    const step = store.step(sopInstanceUid)
    if (step === undefined)
      return { kind: 'refused', status: STATUS.noSuchSopInstance, comment: 'no step with this UID is here' }
    // PS3.4 F.7.2.2.2: COMPLETED and DISCONTINUED are final.
    if (step.status !== 'IN PROGRESS')
      return {
        kind: 'refused',
        status: STATUS.processingFailure,
        comment: 'the step may no longer be updated',
        errorId: NO_LONGER_UPDATED,
      }
    transaction(() => {
      store.setStep(step.stepId, status ?? step.status, clock.now())
      if (instances !== undefined) store.setStepInstances(step.stepId, instances)
    })
    logger.info('dimse.procedure-step.set', { status: status ?? step.status, instances: instances?.length ?? 0 })
    return 'accepted'
  }

  notify({ studyInstanceUid, instances }: AvailabilityNotification): 'accepted' {
    const { store, transaction, clock, logger } = this.#parts
    const now = clock.now()
    transaction(() => {
      store.forget(now - KEEP_MS)
      store.announce(studyInstanceUid, instances, now)
    })
    logger.info('dimse.availability.notified', { instances: instances.length })
    return 'accepted'
  }
}
