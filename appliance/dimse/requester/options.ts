import { DimseError } from '../errors.ts'
import { isAeTitle } from '../facts/ae-title.ts'
import { isUid } from '../facts/uids.ts'
import type { RequesterTls } from '../tls.ts'
import type { RoleSelection } from '../upper-layer/associate.ts'

/** Waiting times towards a peer, in milliseconds. */
export interface RequesterTimeouts {
  /** For the transport connection and the TLS handshake. */
  readonly connectMs: number
  /** For A-ASSOCIATE-AC or -RJ, and for the end of a release: ARTIM (PS3.8 9.1.5). */
  readonly associationMs: number
  /** For a response, and for the peer to read on while data is sent. */
  readonly responseMs: number
}

export const DEFAULT_TIMEOUTS: RequesterTimeouts = { connectMs: 10_000, associationMs: 15_000, responseMs: 60_000 }

/** A peer that we call. */
export interface Destination {
  readonly host: string
  readonly port: number
  readonly calledAeTitle: string
  readonly callingAeTitle: string
  readonly timeouts?: Partial<RequesterTimeouts>
  /** Longest P-DATA-TF that we receive, in bytes; 131072 unless told. */
  readonly maxPduReceived?: number
  readonly tls?: RequesterTls
}

/** A presentation context to propose. Ids are given in order. */
export interface ContextProposal {
  readonly abstractSyntax: string
  readonly transferSyntaxes: readonly string[]
}

/** Ids are the odd numbers from 1 to 255 (PS3.8 9.3.2.2). */
export const MAX_CONTEXTS = 128

export interface AssociationOptions extends Destination {
  readonly presentationContexts: readonly ContextProposal[]
  /** PS3.7 D.3.3.4, for services where the peer calls back, such as C-GET. */
  readonly roles?: readonly RoleSelection[]
}

/** @throws DimseError `invalid-argument` for what no peer could understand. */
export function checkOptions(options: AssociationOptions): void {
  for (const title of [options.calledAeTitle, options.callingAeTitle])
    if (!isAeTitle(title)) throw new DimseError('invalid-argument', 'AE title must be 1 to 16 characters (PS3.5 6.2)')
  const contexts = options.presentationContexts
  if (contexts.length === 0 || contexts.length > MAX_CONTEXTS)
    throw new DimseError('invalid-argument', 'an association has 1 to 128 presentation contexts (PS3.8 9.3.2.2)')
  for (const context of contexts)
    if (context.transferSyntaxes.length === 0 || ![context.abstractSyntax, ...context.transferSyntaxes].every(isUid))
      throw new DimseError('invalid-argument', 'a presentation context holds something that is not a UID (PS3.5 9.1)')
}
