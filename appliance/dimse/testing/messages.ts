import { APPLICATION_CONTEXT, IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION } from '../facts/uids.ts'
import type { AssociateRequest } from '../upper-layer/associate.ts'

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'

/** A plain request: context 1 for Verification, context 3 for CT, both implicit little endian; context 5 is refused. */
export function associateRequest(changes: Partial<AssociateRequest> = {}): AssociateRequest {
  return {
    protocolVersion: 1,
    calledAeTitle: 'LEADGLASS',
    callingAeTitle: 'TESTER',
    applicationContext: APPLICATION_CONTEXT,
    contexts: [
      { id: 1, abstractSyntax: VERIFICATION, transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] },
      { id: 3, abstractSyntax: CT_IMAGE_STORAGE, transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] },
      { id: 5, abstractSyntax: '1.2.840.10008.5.1.4.31', transferSyntaxes: [IMPLICIT_VR_LITTLE_ENDIAN] },
    ],
    user: {
      maxLength: 16_384,
      implementationClassUid: '2.25.7',
      implementationVersionName: 'TESTER',
      asynchronousOperations: null,
      roles: [],
      extendedNegotiation: [],
      userIdentity: null,
    },
    ...changes,
  }
}
