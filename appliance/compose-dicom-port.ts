import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type { NetworkServices, StorageService } from './dimse/index.ts'
import { type AuditSink, EventBrake } from './egress/index.ts'
import type { DimseEngine, DimseListener } from './engines/index.ts'
import { type FreeSpace, SettingsCallerPolicy } from './intake/index.ts'
import { IntakeGuard } from './pressure/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'
import { acceptanceOf, networkLimitsOf, portPlanOf, type TlsMaterial } from './site-settings/index.ts'

/** What the DICOM port is made of. */
export interface DicomPortRoomParts {
  readonly host: string
  /** Of the configuration; 0 for any free port. */
  readonly port: number
  readonly aeTitle: string
  readonly engine: DimseEngine
  /** Behind the guard. */
  readonly storage: StorageService
  readonly services: NetworkServices
  readonly freeSpace: FreeSpace
  /** Our identity towards callers with TLS. */
  readonly material: TlsMaterial
  readonly records: Records
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** The listeners as the settings say, and the guard before the storage. */
export function composeDicomPort(parts: DicomPortRoomParts): {
  readonly dimse: DimseListener
  readonly guard: IntakeGuard
} {
  const { host, port, aeTitle, storage, services, freeSpace, material, records, settings } = parts
  const { audit, clock, randomness, logger } = parts
  const guard = new IntakeGuard({
    storage,
    gauge: freeSpace,
    settings,
    heldBytes: () => records.studies.totals().bytes,
  })
  const dimse = parts.engine.listener({
    options: {
      host,
      aeTitle,
      policy: new SettingsCallerPolicy(aeTitle, settings),
      storage: guard,
      room: (facts, proposal) => guard.room(facts, proposal),
      clock,
      logger: logger.child({ room: 'dimse' }),
      limits: () => networkLimitsOf(settings()),
      acceptance: () => acceptanceOf(settings()),
      randomness,
      services,
      onTlsRefused: tlsRefusals(audit, clock),
    },
    plan: () => portPlanOf(settings(), port, material.listener()),
    logger,
  })
  return { dimse, guard }
}

/** A caller that TLS turned away never asked for an association, and is a refusal all the same. */
function tlsRefusals(audit: AuditSink, clock: Clock): (remoteAddress: string, reason: string) => void {
  const brake = new EventBrake(clock)
  return (_remoteAddress, reason) => {
    const more = brake.codes()
    if (more === undefined) return
    // A code of the log is lower case and its parts short: `tls.reason-econnreset`.
    const code = reason
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 30)
    const actor = { kind: 'system', id: 'dimse' } as const
    const codes = ['tls-handshake', `tls.reason-${code}`, ...more]
    audit.recordNow({ event: 'association.rejected', actor, subject: null, outcome: 'refused', codes })
  }
}
