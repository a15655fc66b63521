import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DesiredDelivery,
  type DesiredKey,
  type DesiredRefusal,
  type DeviceId,
  desiredKey,
  verifyDesired,
} from '@leadglass/sync-agent/contract'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'

/** What the box knows of who speaks: the hub, somebody else, or, on a box that pinned no key, nobody can tell. */
export type DesiredSpeaker =
  | { readonly kind: 'hub'; readonly rotatedTo: number | null }
  | { readonly kind: 'unpinned' }
  | { readonly kind: 'refused'; readonly code: DesiredRefusal }

/**
 * The hub's key for desired documents, as a person pinned it (`trust/hub-key.json`), and the one it has become by
 * rotations that the key before signed (`trust/state/hub-key.json`). A box without a pinned key takes documents as
 * boxes did before there were signatures: they are then as trusted as the connection.
 */
export class DesiredTrust {
  readonly #device: DeviceId
  readonly #pinnedFile: string
  readonly #currentFile: string

  /** @param folders `trust` and `trustState` of the appliance. */
  constructor(device: DeviceId, folders: { readonly trust: string; readonly trustState: string }) {
    this.#device = device
    this.#pinnedFile = join(folders.trust, HUB_KEY_FILE)
    this.#currentFile = join(folders.trustState, HUB_KEY_FILE)
  }

  /** The key in force; undefined where none is pinned. @throws for a damaged file: trust is never guessed at. */
  async key(): Promise<DesiredKey | undefined> {
    const pinned = await readKey(this.#pinnedFile)
    if (pinned === undefined) return undefined
    const current = await readKey(this.#currentFile)
    return current !== undefined && current.number > pinned.number ? current : pinned
  }

  /**
   * Judges who a document is from. A rotation that proves itself is kept, on disk before anything of the document counts;
   * a key that was left behind is never taken again.
   */
  async judge(delivery: Pick<DesiredDelivery, 'version' | 'digest' | 'signed'>): Promise<DesiredSpeaker> {
    const key = await this.key()
    if (key === undefined) return { kind: 'unpinned' }
    const verdict = verifyDesired(this.#device, delivery, key)
    if (verdict.kind === 'refused') return verdict
    if (verdict.pinned.number === key.number) return { kind: 'hub', rotatedTo: null }
    await writeFileAtomically(this.#currentFile, JSON.stringify(verdict.pinned))
    return { kind: 'hub', rotatedTo: verdict.pinned.number }
  }
}

/** Name of the file that holds a pinned key, in either folder. */
export const HUB_KEY_FILE = 'hub-key.json'

async function readKey(path: string): Promise<DesiredKey | undefined> {
  try {
    return desiredKey.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}
