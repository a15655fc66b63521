/** The smallest maximum length with which anything can be sent: one PDV header and two bytes. */
export const SMALLEST_MAX_LENGTH = 8

/** PS3.8 9.3.3.2, table 9-18. */
export const CONTEXT_RESULT = {
  acceptance: 0,
  userRejection: 1,
  noReason: 2,
  abstractSyntaxNotSupported: 3,
  transferSyntaxesNotSupported: 4,
} as const
export type ContextResult = (typeof CONTEXT_RESULT)[keyof typeof CONTEXT_RESULT]

/** A proposed presentation context (PS3.8 9.3.2.2). `id` is odd, 1 to 255. */
export interface ProposedContext {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

/** The answer to one proposed context (PS3.8 9.3.3.2). `transferSyntax` means something only on acceptance. */
export interface AnsweredContext {
  readonly id: number
  readonly result: number
  readonly transferSyntax: string
}

/** SCP/SCU role selection (PS3.7 D.3.3.4): the roles of the requester. */
export interface RoleSelection {
  readonly sopClassUid: string
  readonly scu: boolean
  readonly scp: boolean
}

/** User information (PS3.8 annex D, PS3.7 D.3.3), the same item in request and answer. */
export interface UserInformation {
  /** Largest P-DATA-TF length that the sender of this item receives; 0 for any (PS3.8 D.1). */
  readonly maxLength: number
  readonly implementationClassUid: string
  readonly implementationVersionName: string
  /** PS3.7 D.3.3.3; `null` stands for 1 and 1. */
  readonly asynchronousOperations: { readonly invoked: number; readonly performed: number } | null
  readonly roles: readonly RoleSelection[]
  /** PS3.7 D.3.3.5. */
  readonly extendedNegotiation: readonly { readonly sopClassUid: string; readonly information: Uint8Array }[]
  /** PS3.7 D.3.3.7: in a request, whether an answer is wanted; the identity itself is not read. In an answer, present or not. */
  readonly userIdentity: { readonly positiveResponseRequested: boolean } | null
}

/** A-ASSOCIATE-RQ (PS3.8 9.3.2). */
export interface AssociateRequest {
  readonly protocolVersion: number
  readonly calledAeTitle: string
  readonly callingAeTitle: string
  readonly applicationContext: string
  readonly contexts: readonly ProposedContext[]
  readonly user: UserInformation
}

/** A-ASSOCIATE-AC (PS3.8 9.3.3). The titles are those of the request, sent back and not to be tested (table 9-17). */
export interface AssociateAccept {
  readonly protocolVersion: number
  readonly calledAeTitle: string
  readonly callingAeTitle: string
  readonly applicationContext: string
  readonly contexts: readonly AnsweredContext[]
  readonly user: UserInformation
}
