import { isAeTitle } from '../facts/ae-title.ts'
import { APPLICATION_CONTEXT, VERIFICATION } from '../facts/uids.ts'
import type { AssociationFacts, CallerPolicy, NetworkServices, RejectionCause } from '../ports.ts'
import type { AssociateAccept, AssociateRequest } from '../upper-layer/associate.ts'
import { decodeAssociateRequest } from '../upper-layer/associate-codec.ts'
import type { Rejection } from '../upper-layer/pdu.ts'
import { type AcceptancePolicy, negotiate } from './negotiation.ts'
import { APPLICATION_CONTEXT_NOT_SUPPORTED, PROTOCOL_VERSION_NOT_SUPPORTED, rejectionFor } from './rejection.ts'

/** What the transport knows about a caller. */
export type TransportFacts = Pick<
  AssociationFacts,
  'associationId' | 'remoteAddress' | 'remotePort' | 'tls' | 'certificateSubject' | 'certificateSha256'
>

/** The answer to an association request. */
export type Admission =
  | {
      readonly kind: 'accepted'
      readonly facts: AssociationFacts
      readonly request: AssociateRequest
      readonly accept: AssociateAccept
    }
  | {
      readonly kind: 'rejected'
      readonly facts: AssociationFacts
      readonly why: RejectionCause | 'protocol'
      readonly rejection: Rejection
    }

/** Decides about one association request. */
export interface AdmissionDesk {
  /** @throws MalformedPduError for a body against PS3.8 9.3.2. */
  admit(body: Uint8Array): Admission
}

export interface AdmissionParts {
  readonly policy: CallerPolicy
  readonly acceptance: AcceptancePolicy
  readonly services: NetworkServices
  readonly maxPduReceived: number
  readonly room: RoomRule
}

/** Whether there is room for one more association of a caller that may come in; else why not, for the time being. */
export type RoomRule = (facts: AssociationFacts, proposal: Proposal) => 'limit' | 'busy' | undefined

/** What a caller proposes, as far as room depends on it. */
export interface Proposal {
  /** Nothing but Verification is proposed: such a caller needs no room. */
  readonly verificationOnly: boolean
}

/** The desk for a caller on the transport described by `transport`. */
export function admissionDesk(transport: TransportFacts, parts: AdmissionParts): AdmissionDesk {
  return {
    admit(body) {
      const request = decodeAssociateRequest(body)
      const facts: AssociationFacts = {
        ...transport,
        calledAeTitle: printable(request.calledAeTitle),
        callingAeTitle: printable(request.callingAeTitle),
        implementationClassUid: printable(request.user.implementationClassUid),
        implementationVersionName: request.user.implementationVersionName,
      }
      const rejected = (why: RejectionCause | 'protocol', rejection: Rejection): Admission => ({
        kind: 'rejected',
        facts,
        why,
        rejection,
      })
      // PS3.8 table 9-11: bit 0 stands for version 1, and only it is tested.
      if ((request.protocolVersion & 0x0001) === 0) return rejected('protocol', PROTOCOL_VERSION_NOT_SUPPORTED)
      if (request.applicationContext !== APPLICATION_CONTEXT)
        return rejected('protocol', APPLICATION_CONTEXT_NOT_SUPPORTED)
      if (!isAeTitle(request.calledAeTitle)) return rejected('protocol', rejectionFor('called-ae-title', false))
      if (!isAeTitle(request.callingAeTitle)) return rejected('protocol', rejectionFor('calling-ae-title', false))
      const decision = parts.policy.decide(facts)
      if (decision.kind === 'rejected') return rejected(decision.why, rejectionFor(decision.why, decision.transient))
      const full = parts.room(facts, { verificationOnly: proposesVerificationOnly(request) })
      if (full !== undefined) return rejected(full, rejectionFor(full, true))
      const accept = negotiate(request, parts.acceptance, parts.maxPduReceived, parts.services)
      return { kind: 'accepted', facts, request, accept }
    },
  }
}

function proposesVerificationOnly({ contexts }: AssociateRequest): boolean {
  return contexts.length > 0 && contexts.every((context) => context.abstractSyntax === VERIFICATION)
}

/** What a stranger wrote goes into journals only in printable form. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
