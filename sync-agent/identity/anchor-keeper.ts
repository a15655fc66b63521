import { stat } from 'node:fs/promises'
import {
  createSigningKeyFile,
  encodeVerifierKey,
  readSigningKeyFile,
  SIGNATURE_TYPE,
  verifierKeyOf,
} from '../audit-log/index.ts'
import {
  type Anchors,
  anchorsAnswer,
  type DesiredKey,
  type DesiredSignature,
  type DeviceId,
} from '../contract/index.ts'
import type { Credentials } from '../transport/index.ts'
import type { AnchorStore } from './anchor-store.ts'
import { askDoor, openDoor } from './door-client.ts'

/** What fetching anchors works with. */
export interface AnchorKeeperParts {
  readonly device: DeviceId
  /** `mqtts://host:port`. */
  readonly hubUrl: string
  readonly store: AnchorStore
  readonly credentials: () => Promise<Credentials>
  /** PKCS#8 key with which this device cosigns the hub's log; made when it is missing. */
  readonly witnessKeyFile: string
}

/**
 * Gets what the box pins of its hub, over mutual TLS with the authority that the code has proven. A box that joined
 * before hubs gave anchors gets them by this too.
 */
export class AnchorKeeper {
  readonly #parts: AnchorKeeperParts

  constructor(parts: AnchorKeeperParts) {
    this.#parts = parts
  }

  /**
   * Asks the hub unless everything is there.
   * @param signed what the newest wish was signed with. A key that does not follow from the one that is known means that
   * too many rotations were missed: the hub is asked for its present one, which a person then confirms.
   * @returns true when something is new.
   * @throws {IdentityError} `anchors-differ`, `request-malformed` by an older hub, `hub-unreachable`, or the refusal.
   */
  async step(signed?: DesiredSignature): Promise<boolean> {
    const known = await this.#parts.store.read()
    if (known !== undefined && known.updates !== null && !isMissed(known.desiredKey, signed)) return false
    return this.#parts.store.pin(await this.#ask())
  }

  async #ask(): Promise<Anchors> {
    const { device, hubUrl, credentials, witnessKeyFile } = this.#parts
    const isThere = (await stat(witnessKeyFile).catch(() => undefined)) !== undefined
    const key = isThere ? await readSigningKeyFile(witnessKeyFile) : await createSigningKeyFile(witnessKeyFile)
    const verifier = verifierKeyOf(`leadglass/${device}/witness`, key, SIGNATURE_TYPE.cosignature)
    const body = { schema: 'leadglass.anchors/1', witnessKey: encodeVerifierKey(verifier) }
    const door = await openDoor(hubUrl, await credentials())
    return (await askDoor(door, '/anchors', body, anchorsAnswer)).anchors
  }
}

/** Whether a document is signed with a key to which no chain leads from the known one. */
function isMissed(known: DesiredKey, signed: DesiredSignature | undefined): boolean {
  if (signed === undefined || signed.key <= known.number) return false
  return !signed.chain.some(({ number }) => number === known.number + 1)
}
