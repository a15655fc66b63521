import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AssociationRequester, DicomPortParts } from '../dimse/index.ts'
import type { Capabilities } from './promises.ts'

/** The listening side: all that the composition uses of it. */
export interface DimseListener extends Service {
  /** The port in use; 0 where nothing listens in plain or over TLS. */
  readonly port: number
  /** The port of TLS, or 0. */
  readonly tlsPort: number
  /** Associations accepted and not yet closed, as far as the engine knows. */
  readonly openAssociations: number
  /** Looks at the plan again. */
  refresh(): Promise<void>
}

/** The calling side: Verification and Storage. Queries and commitment are the own engine's alone. */
export type DimseSender = Pick<AssociationRequester, 'echo' | 'sendInstances'>

/** What speaks DIMSE for the appliance. */
export interface DimseEngine {
  readonly name: 'own' | 'native'
  readonly capabilities: Capabilities
  listener(parts: DicomPortParts): DimseListener
  sender(parts: { readonly logger: Logger }): DimseSender
}
