import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLEMENTATION_CLASS_UID,
  IMPLEMENTATION_VERSION_NAME,
  IMPLICIT_VR_LITTLE_ENDIAN,
  INSTANCE_AVAILABILITY,
  isPrivateUid,
  isStandardTransferSyntax,
  isStorageSopClass,
  isUid,
  PROCEDURE_STEP,
  STORAGE_COMMITMENT_PUSH_MODEL,
  STUDY_ROOT,
  VERIFICATION,
} from '../facts/uids.ts'
import type { NetworkServices } from '../ports.ts'
import {
  type AnsweredContext,
  type AssociateAccept,
  type AssociateRequest,
  CONTEXT_RESULT,
  type ProposedContext,
  type UserInformation,
} from '../upper-layer/associate.ts'

/**
 * What is taken beyond the standard's own lists. The transfer syntax itself never decides whether an object may come
 * in: an object that cannot be decoded is still worth forwarding.
 */
export interface AcceptancePolicy {
  /** Private SOP classes: UIDs that are not the standard's own. All, none, or these. */
  readonly privateSopClasses: boolean | ReadonlySet<string>
  /** Private transfer syntaxes, and those of an edition later than our table. */
  readonly unknownTransferSyntaxes: boolean | ReadonlySet<string>
}

export const DEFAULT_ACCEPTANCE: AcceptancePolicy = { privateSopClasses: true, unknownTransferSyntaxes: true }

/** What can be read here: for messages whose data set is looked at. */
const READABLE: ReadonlySet<string> = new Set([EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])

/** PS3.4 B.3.1: level 2, all attributes are kept; signatures not stated; no element is coerced. */
const STORAGE_EXTENDED_ANSWER = Uint8Array.of(2, 0, 0, 0, 0, 0)

/** Our side of A-ASSOCIATE-AC for a request that the caller policy lets in. */
export function negotiate(
  request: AssociateRequest,
  policy: AcceptancePolicy,
  maxPduReceived: number,
  services: NetworkServices = {},
): AssociateAccept {
  const offered = offeredSopClasses(services)
  const contexts = request.contexts.map((context) => answerContext(context, policy, offered))
  const accepted = new Set(
    request.contexts
      .filter((_, index) => contexts[index]?.result === CONTEXT_RESULT.acceptance)
      .map((context) => context.abstractSyntax),
  )
  return {
    protocolVersion: 1,
    calledAeTitle: request.calledAeTitle,
    callingAeTitle: request.callingAeTitle,
    applicationContext: request.applicationContext,
    contexts,
    user: answerUser(request.user, accepted, maxPduReceived, services),
  }
}

/** SOP classes of the services that are offered besides Verification and Storage. */
export function offeredSopClasses(services: NetworkServices): ReadonlySet<string> {
  const offered = new Set<string>()
  if (services.commitment !== undefined || services.commitmentReports !== undefined)
    offered.add(STORAGE_COMMITMENT_PUSH_MODEL)
  if (services.query !== undefined) offered.add(STUDY_ROOT.find)
  if (services.procedureSteps !== undefined) offered.add(PROCEDURE_STEP)
  if (services.availability !== undefined) offered.add(INSTANCE_AVAILABILITY)
  return offered
}

function answerContext(
  context: ProposedContext,
  policy: AcceptancePolicy,
  offered: ReadonlySet<string>,
): AnsweredContext {
  const answer = (result: number, transferSyntax: string): AnsweredContext => ({
    id: context.id,
    result,
    transferSyntax,
  })
  const isService = offered.has(context.abstractSyntax)
  if (!isService && !acceptsAbstractSyntax(context.abstractSyntax, policy))
    return answer(CONTEXT_RESULT.abstractSyntaxNotSupported, IMPLICIT_VR_LITTLE_ENDIAN)
  const proposed = isService ? context.transferSyntaxes.filter((uid) => READABLE.has(uid)) : context.transferSyntaxes
  const chosen = chooseTransferSyntax(proposed, policy)
  return chosen === undefined
    ? answer(CONTEXT_RESULT.transferSyntaxesNotSupported, IMPLICIT_VR_LITTLE_ENDIAN)
    : answer(CONTEXT_RESULT.acceptance, chosen)
}

function acceptsAbstractSyntax(uid: string, policy: AcceptancePolicy): boolean {
  if (uid === VERIFICATION || isStorageSopClass(uid)) return true
  return isUid(uid) && isPrivateUid(uid) && allows(policy.privateSopClasses, uid)
}

function allows(rule: boolean | ReadonlySet<string>, uid: string): boolean {
  return typeof rule === 'boolean' ? rule : rule.has(uid)
}

/**
 * The sender's order is the best hint to the form it already holds, so the first acceptable syntax wins, except that
 * explicit little endian goes before the other two uncompressed ones: it names value representations, and is not retired.
 */
function chooseTransferSyntax(proposed: readonly string[], policy: AcceptancePolicy): string | undefined {
  const first = proposed.find(
    (uid) => isStandardTransferSyntax(uid) || (isUid(uid) && allows(policy.unknownTransferSyntaxes, uid)),
  )
  const lesser = first === IMPLICIT_VR_LITTLE_ENDIAN || first === EXPLICIT_VR_BIG_ENDIAN
  return lesser && proposed.includes(EXPLICIT_VR_LITTLE_ENDIAN) ? EXPLICIT_VR_LITTLE_ENDIAN : first
}

function answerUser(
  user: UserInformation,
  accepted: ReadonlySet<string>,
  maxPduReceived: number,
  services: NetworkServices,
): UserInformation {
  return {
    maxLength: maxPduReceived,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
    implementationVersionName: IMPLEMENTATION_VERSION_NAME,
    // PS3.7 D.3.3.3: only in answer to a proposal. One operation at a time, in order.
    asynchronousOperations: user.asynchronousOperations === null ? null : { invoked: 1, performed: 1 },
    // PS3.7 D.3.3.4: the requester may be SCU wherever it asks. It may be SCP of storage commitment alone, to report on
    // what we asked for on another association (PS3.4 J.3.3).
    roles: user.roles
      .filter((role) => accepted.has(role.sopClassUid))
      .map(({ sopClassUid, scu, scp }) =>
        sopClassUid === STORAGE_COMMITMENT_PUSH_MODEL
          ? {
              sopClassUid,
              scu: scu && services.commitment !== undefined,
              scp: scp && services.commitmentReports !== undefined,
            }
          : { sopClassUid, scu, scp: false },
      ),
    extendedNegotiation: user.extendedNegotiation
      .filter((item) => accepted.has(item.sopClassUid) && isStorageSopClass(item.sopClassUid))
      .map((item) => ({ sopClassUid: item.sopClassUid, information: STORAGE_EXTENDED_ANSWER })),
    userIdentity: user.userIdentity?.positiveResponseRequested === true ? { positiveResponseRequested: false } : null,
  }
}
