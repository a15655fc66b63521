import { AuditLog, encodeProof, MemoryLogStore } from '@leadglass/sync-agent/audit-log'
import { systemClock } from '@leadglass/sync-agent/foundation'
import type { LogExport } from '@leadglass/ui/contract/hub-api'
import { InstallerError } from '../errors.ts'

/**
 * Makes the proof of one entry out of an export: a small file that convinces anyone who trusts the log's key, without
 * the rest of the log.
 * @returns the text of a C2SP tlog-proof file.
 */
export function proveEntry(exported: LogExport, index: number): string {
  const { checkpoint, leaves } = exported
  if (index >= checkpoint.size) {
    throw new InstallerError('input-invalid', {
      message: `the checkpoint covers entries 0 to ${checkpoint.size - 1}`,
      effect: 'no proof was made',
      nextStep: 'choose an index in that range, or export again after the next checkpoint',
    })
  }
  const log = new AuditLog({ origin: checkpoint.origin, store: new MemoryLogStore(), clock: systemClock })
  for (const leaf of leaves.slice(0, checkpoint.size)) log.appendLeaf(Buffer.from(leaf, 'base64'))
  return encodeProof({
    leaf: log.leaf(index),
    index,
    path: log.inclusionProof(index, checkpoint.size),
    checkpointNote: checkpoint.cosigned ?? checkpoint.note,
  })
}
