import type { ApprovalSummary, ShownSignature } from '../contract/hub-api.ts'

/** Somebody whose signature the approval names, and the signature once it is there. */
export interface Signoff {
  readonly person: string
  readonly role: string
  readonly meaning: string
  readonly signature: ShownSignature | undefined
}

/** Every person who must sign, with what they signed; a signature that nobody asked for stands at the end. */
export function signoffsOf({ signoffs, signatures }: Pick<ApprovalSummary, 'signoffs' | 'signatures'>): Signoff[] {
  const asked = signoffs.map((signoff) => ({
    ...signoff,
    signature: signatures.find((signature) => signature.person === signoff.person && signature.role === signoff.role),
  }))
  const others = signatures
    .filter((signature) => !asked.some((signoff) => signoff.signature === signature))
    .map((signature) => ({ person: signature.person, role: signature.role, meaning: signature.meaning, signature }))
  return [...asked, ...others]
}

/** Whether signatures are still awaited. */
export function isOpen(state: ApprovalSummary['state']): boolean {
  return state === 'submitted' || state === 'in-review' || state === 'partially-signed'
}
