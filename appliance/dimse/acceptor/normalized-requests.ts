import { systemRandomness } from '@leadglass/sync-agent/foundation'
import { INSTANCE_AVAILABILITY, PROCEDURE_STEP } from '../facts/uids.ts'
import { type CommandSet, ELEMENT } from '../message/command-set.ts'
import { type Answered, COMMAND, STATUS } from '../message/commands.ts'
import type { AssociationFacts, MessageRefusal, NetworkServices } from '../ports.ts'
import { readAvailability, readNewStep, readStepChange } from '../procedure-step/data-sets.ts'
import { uuidDerivedUid } from '../uuid.ts'
import { answeredOf } from './answered.ts'
import type { AcceptedContext } from './requests.ts'

/** A request of a normalized service: what its response answers, why it is refused at once, and who takes its data set. */
export interface NormalizedRequest {
  readonly answered: Answered
  readonly wrong: MessageRefusal | undefined
  readonly handle: (bytes: Uint8Array | undefined) => 'accepted' | MessageRefusal
}

/**
 * N-CREATE and N-SET of Modality Performed Procedure Step (PS3.4 F.7.2) and N-CREATE of Instance Availability
 * Notification (PS3.4 R.3.2).
 * @returns `undefined` for what is not for these services.
 */
export function normalizedRequest(
  services: NetworkServices,
  command: CommandSet,
  context: AcceptedContext,
  association: AssociationFacts,
): NormalizedRequest | undefined {
  const { procedureSteps, availability } = services
  const field = command.requiredNumber(ELEMENT.commandField)
  const syntax = context.transferSyntax
  if (context.abstractSyntax === PROCEDURE_STEP && procedureSteps !== undefined) {
    if (field === COMMAND.create) {
      const answered = created(command)
      return {
        answered,
        wrong: wrongClass(answered, PROCEDURE_STEP),
        handle: (bytes) => {
          const read = readNewStep(bytes, syntax)
          if (read.kind === 'refused') return read
          const { studyInstanceUids } = read
          return procedureSteps.create({ association, sopInstanceUid: answered.sopInstanceUid, studyInstanceUids })
        },
      }
    }
    if (field === COMMAND.set) {
      const answered = answeredOf(command, COMMAND.set, ELEMENT.requestedSopClassUid, ELEMENT.requestedSopInstanceUid)
      const { sopInstanceUid } = answered
      return {
        answered,
        wrong: wrongClass(answered, PROCEDURE_STEP),
        handle: (bytes) => {
          const read = readStepChange(bytes, syntax)
          if (read.kind === 'refused') return read
          if (sopInstanceUid === undefined) return noSuchInstance()
          return procedureSteps.set({ association, sopInstanceUid, status: read.status, instances: read.instances })
        },
      }
    }
  }
  if (context.abstractSyntax === INSTANCE_AVAILABILITY && availability !== undefined && field === COMMAND.create) {
    const answered = created(command)
    return {
      answered,
      wrong: wrongClass(answered, INSTANCE_AVAILABILITY),
      handle: (bytes) => {
        const read = readAvailability(bytes, syntax)
        if (read.kind === 'refused') return read
        return availability.notify({ association, ...read.notification })
      },
    }
  }
  return undefined
}

/** PS3.7 10.1.5.1.4: the SCU may leave it to us to name the instance; the response then tells its UID. */
function created(command: CommandSet): Answered & { readonly sopInstanceUid: string } {
  const answered = answeredOf(command, COMMAND.create, ELEMENT.affectedSopClassUid, ELEMENT.affectedSopInstanceUid)
  return { ...answered, sopInstanceUid: answered.sopInstanceUid ?? uuidDerivedUid(systemRandomness) }
}

function wrongClass({ sopClassUid }: Answered, expected: string): MessageRefusal | undefined {
  if (sopClassUid === expected) return undefined
  return {
    kind: 'refused',
    status: STATUS.sopClassNotSupported,
    comment: 'SOP class is not that of the presentation context',
  }
}

function noSuchInstance(): MessageRefusal {
  return { kind: 'refused', status: STATUS.noSuchSopInstance, comment: 'SOP instance UID is missing or malformed' }
}
