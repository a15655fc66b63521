import { type Clock, silentLogger } from '@leadglass/sync-agent/foundation'
import type { AssociationFacts } from '../dimse/index.ts'
import type { AuditSink } from '../egress/index.ts'
import type { Records } from '../records/index.ts'
import { SettingsFile } from '../settings-file.ts'
import { faultsOfFiles, SettingsDesk, TlsMaterial } from '../site-settings/index.ts'

/** The settings room over a real file and database, without a DICOM port. Nothing is started. */
export function deskFixture(
  path: string,
  parts: { readonly records: Records; readonly audit: AuditSink; readonly clock: Clock },
): {
  readonly file: SettingsFile
  readonly material: TlsMaterial
  readonly desk: SettingsDesk
  open: AssociationFacts[]
} {
  const open: AssociationFacts[] = []
  const file = new SettingsFile({
    path,
    ...parts,
    logger: silentLogger,
    check: faultsOfFiles,
    onTaken: () => undefined,
  })
  const material = new TlsMaterial({ settings: file.current, logger: silentLogger, onChange: () => undefined })
  const desk = new SettingsDesk({
    file,
    material,
    records: parts.records,
    calledAeTitle: 'LEADGLASS',
    dimsePort: () => 11_112,
    openAssociations: () => open,
    freeBytes: () => 10_000_000_000,
    clock: parts.clock,
  })
  return { file, material, desk, open }
}
