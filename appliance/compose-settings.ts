import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import { conformanceStatement, DEFAULT_CONFORMANCE } from './conformance/index.ts'
import type { AuditSink } from './egress/index.ts'
import type { DimseListener } from './engines/index.ts'
import { type IntakeGuard, PressureGauge } from './pressure/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'
import { SettingsFile } from './settings-file.ts'
import { acceptanceOf, faultsOfFiles, networkLimitsOf, SettingsDesk, TlsMaterial } from './site-settings/index.ts'

/** What the settings room is made of. */
export interface SettingsRoomParts {
  readonly path: string
  readonly dataFolder: string
  readonly records: Records
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/** What listens, for the plan of a change and for the conformance statement. */
export interface ListeningParts {
  readonly aeTitle: string
  readonly host: string
  readonly softwareVersion: string
  readonly dimse: DimseListener
  readonly guard: IntakeGuard
}

/** The settings in force and everything that follows them while the program runs. */
export interface SettingsRoom {
  readonly settings: CurrentSettings
  readonly gauge: PressureGauge
  readonly material: TlsMaterial
  /** To be started first, in this order. */
  readonly services: readonly Service[]
  /** From now on the DICOM port follows the settings. */
  connect(parts: ListeningParts): { readonly desk: SettingsDesk; readonly statement: () => string }
}

/** Puts the settings room together. */
export function composeSettings(parts: SettingsRoomParts): SettingsRoom {
  const { path, dataFolder, records, audit, clock, logger } = parts
  let listening: DimseListener | undefined
  const follow = (): void => void listening?.refresh()
  const file = new SettingsFile({
    path,
    records,
    audit,
    clock,
    logger,
    check: faultsOfFiles,
    onTaken: () => void material.refresh().then(follow),
  })
  const settings = file.current
  const material = new TlsMaterial({ settings, logger, onChange: follow })
  const gauge = new PressureGauge({ folder: dataFolder, settings, records, audit, clock, logger })
  return {
    settings,
    gauge,
    material,
    services: [file, material, gauge],
    connect({ aeTitle, host, softwareVersion, dimse, guard }) {
      listening = dimse
      const desk = new SettingsDesk({
        file,
        material,
        records,
        calledAeTitle: aeTitle,
        dimsePort: () => dimse.port,
        openAssociations: () => guard.openAssociations(),
        freeBytes: () => gauge.figures().freeBytes,
        clock,
      })
      const statement = (): string =>
        conformanceStatement({
          ...DEFAULT_CONFORMANCE,
          softwareVersion,
          aeTitle,
          host,
          dimsePort: dimse.port,
          settings: settings(),
          limits: { ...DEFAULT_CONFORMANCE.limits, ...networkLimitsOf(settings()) },
          acceptance: acceptanceOf(settings()),
        })
      return { desk, statement }
    },
  }
}
