import { createPrivateKey } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exchangePaths, KIT_OUTBOX, KIT_SIGNATURE, OutboxReader, signKitList, writeKitList } from '../exchange/index.ts'
import { type Clock, type Logger, toIsoInstant, writeFileAtomically } from '../foundation/index.ts'
import { readCredentials } from './agent.ts'
import type { AgentConfig } from './config.ts'
import { openIdentity } from './own-identity.ts'

/** What a kit for the hub holds. */
export interface ExportedKit {
  readonly device: string
  readonly batches: number
  readonly bytes: number
  /** Files of the outbox that are no batches of this box; they stay where they are. */
  readonly leftOut: number
}

/**
 * Writes what waits in the outbox into a folder, byte for byte as it would go on the wire, and signs the list with the key
 * of the device's connections. Reads only: nothing counts as delivered until the hub says so.
 * @param folder must not exist.
 */
export async function exportKit(
  config: AgentConfig,
  folder: string,
  dependencies: { readonly clock: Clock; readonly logger: Logger },
): Promise<ExportedKit> {
  const { device, exchangeFolder } = config
  const own = await openIdentity(
    config,
    exchangePaths(exchangeFolder),
    () => readCredentials(config),
    dependencies,
    () => undefined,
  )
  const { certificatePem, keyPem } = await own.renewal.credentials()
  await mkdir(join(folder, KIT_OUTBOX), { recursive: true, mode: 0o755 })
  const reader = new OutboxReader({ exchangeFolder, device })
  const done = { batches: 0, bytes: 0, leftOut: 0 }
  for (const entry of [...(await reader.list()).values()].flat()) {
    const read = await reader.read(entry)
    if (read.kind === 'refused') done.leftOut += 1
    if (read.kind !== 'batch') continue
    await writeFileAtomically(join(folder, KIT_OUTBOX, entry.name), read.bytes, 0o644)
    done.batches += 1
    done.bytes += read.bytes.length
  }
  const at = toIsoInstant(dependencies.clock.now())
  const list = await writeKitList(folder, { direction: 'to-hub', device, at })
  const signature = signKitList(list, createPrivateKey(keyPem), certificatePem)
  await writeFileAtomically(join(folder, KIT_SIGNATURE), JSON.stringify(signature), 0o644)
  return { device, ...done }
}
