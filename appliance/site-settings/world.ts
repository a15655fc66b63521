import type { AssociationFacts } from '../dimse/index.ts'
import type { CertificateFact } from './tls-files.ts'

/** What a change meets: the appliance as it is now. */
export interface PlanWorld {
  readonly calledAeTitle: string
  readonly dimsePort: number
  readonly openAssociations: readonly AssociationFacts[]
  /** By destination: results that wait for it, and those that were given up and wait for a person. */
  readonly waiting: ReadonlyMap<string, { readonly pending: number; readonly dead: number }>
  /** Certificates of the files that the proposed settings name. */
  readonly certificates: readonly CertificateFact[]
  readonly freeBytes: number
  readonly heldBytes: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What follows from a change. A `risk` has to be accepted by whoever applies it. */
export interface Remark {
  readonly severity: 'risk' | 'note'
  readonly code: string
  readonly words: string
}
