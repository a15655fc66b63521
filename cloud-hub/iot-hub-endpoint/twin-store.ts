import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { isJsonObject, type JsonObject } from '@leadglass/sync-agent/transport'
import { z } from 'zod'

const section = z.custom<JsonObject>(isJsonObject)

/** A twin as it is kept. */
export const storedTwin = z.strictObject({
  desired: section,
  desiredVersion: z.number().int().min(1),
  reported: section,
  reportedVersion: z.number().int().min(1),
  subscriptions: z.array(z.enum(['twin-responses', 'twin-desired', 'methods', 'devicebound'])).max(5),
})
export type StoredTwin = z.infer<typeof storedTwin>

/** Where twins are kept. */
export interface TwinStore {
  load(device: DeviceId): Promise<StoredTwin | undefined>
  /** Durable when it resolves. */
  save(device: DeviceId, twin: StoredTwin): Promise<void>
}

/** One JSON file a device. */
export class FolderTwinStore implements TwinStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(device: DeviceId): Promise<StoredTwin | undefined> {
    let text: string
    try {
      text = await readFile(join(this.#folder, `${device}.json`), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    return storedTwin.parse(JSON.parse(text))
  }

  async save(device: DeviceId, twin: StoredTwin): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await writeFileAtomically(join(this.#folder, `${device}.json`), JSON.stringify(twin))
  }
}
