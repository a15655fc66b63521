import { readFileSync, statSync } from 'node:fs'
import type { Logger } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'

/** Base64 keys for shared access signatures, by device; the two of a device make a change of keys possible. */
const deviceKeys = z.record(z.string(), z.array(z.base64().min(22).max(128)).min(1).max(2))

/**
 * The keys in `secrets/device-keys.json`. Read again when the file changes, so that a key can be changed while the hub
 * runs; without the file devices come with certificates only.
 */
export class DeviceKeys {
  readonly #path: string
  readonly #logger: Logger
  #seen = ''
  #keys: z.infer<typeof deviceKeys> = {}

  constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  /** The keys of a device; none for a device that has none. */
  of(device: string): readonly string[] {
    const facts = statSync(this.#path, { throwIfNoEntry: false })
    if (facts === undefined) return []
    const stamp = `${facts.mtimeMs} ${facts.size} ${facts.ino}`
    if (stamp !== this.#seen) this.#read(stamp)
    return this.#keys[device] ?? []
  }

  /** A file that cannot be read leaves the keys as they were: a slip of the pen must not lock every device out. */
  #read(stamp: string): void {
    this.#seen = stamp
    try {
      this.#keys = deviceKeys.parse(JSON.parse(readFileSync(this.#path, 'utf8')))
    } catch {
      this.#logger.error('hub.device-keys-unreadable')
    }
  }
}
