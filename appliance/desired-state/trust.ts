import { mkdir, readFile } from 'node:fs/promises'
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

/**
 * What the box knows of who speaks: the hub, somebody else, or nobody can tell, as when a hub does not sign yet and the box
 * has pinned no key. `desired-not-pinned`: the hub signs, and no person has confirmed its key.
 */
export type DesiredSpeaker =
  | { readonly kind: 'hub'; readonly rotatedTo: number | null }
  | { readonly kind: 'unpinned' }
  | { readonly kind: 'refused'; readonly code: DesiredRefusal | 'desired-not-pinned' }

/**
 * The hub's key for desired documents, as a person pinned it (`trust/hub-key.json`), and the one it has become by
 * rotations that the key before signed (`trust/state/hub-key.json`). A box without a pinned key takes documents as
 * boxes did before there were signatures, until it has seen that its hub signs: `trust/state/hub-signs.json` keeps that.
 */
export class DesiredTrust {
  readonly #device: DeviceId
  readonly #folders: TrustFolders
  readonly #offersKey: () => Promise<boolean>

  /**
   * @param folders `trust` and `trustState` of the appliance.
   * @param offersKey whether the hub has given a key that could be pinned: it signs then.
   */
  constructor(device: DeviceId, folders: TrustFolders, offersKey: () => Promise<boolean>) {
    this.#device = device
    this.#folders = folders
    this.#offersKey = offersKey
  }

  /** The key in force; undefined where none is pinned. @throws for a damaged file: trust is never guessed at. */
  async key(): Promise<DesiredKey | undefined> {
    return desiredKeyInForce(this.#folders)
  }

  /**
   * Judges who a document is from. A rotation that proves itself is kept, on disk before anything of the document counts;
   * a key that was left behind is never taken again.
   */
  async judge(delivery: Pick<DesiredDelivery, 'version' | 'digest' | 'signed'>): Promise<DesiredSpeaker> {
    const key = await this.key()
    if (key === undefined) return this.#judgeUnpinned(delivery.signed !== undefined)
    const verdict = verifyDesired(this.#device, delivery, key)
    if (verdict.kind === 'refused') return verdict
    if (verdict.pinned.number === key.number) return { kind: 'hub', rotatedTo: null }
    await writeFileAtomically(join(this.#folders.trustState, HUB_KEY_FILE), JSON.stringify(verdict.pinned))
    return { kind: 'hub', rotatedTo: verdict.pinned.number }
  }

  /** Once a hub has signed, leaving the signature out is no way round it, whoever withholds the key. */
  async #judgeUnpinned(isSigned: boolean): Promise<DesiredSpeaker> {
    const marker = join(this.#folders.trustState, 'hub-signs.json')
    const known = await readFile(marker).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined
      throw cause
    })
    const signs = isSigned || known !== undefined || (await this.#offersKey())
    if (!signs) return { kind: 'unpinned' }
    if (known === undefined) {
      await mkdir(this.#folders.trustState, { recursive: true, mode: 0o700 })
      await writeFileAtomically(marker, '{"schema":"leadglass.hub-signs/1"}')
    }
    return { kind: 'refused', code: isSigned ? 'desired-not-pinned' : 'desired-unsigned' }
  }
}

/** Where keys lie: pinned, and followed to since. */
interface TrustFolders {
  readonly trust: string
  readonly trustState: string
}

/** The pinned key, or the later one that it has become. @throws for a damaged file. */
export async function desiredKeyInForce({ trust, trustState }: TrustFolders): Promise<DesiredKey | undefined> {
  const pinned = await readKey(join(trust, HUB_KEY_FILE))
  if (pinned === undefined) return undefined
  const current = await readKey(join(trustState, HUB_KEY_FILE))
  return current !== undefined && current.number > pinned.number ? current : pinned
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
