import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  type DesiredDelivery,
  type DesiredKey,
  type DesiredSignature,
  type DeviceId,
  desiredKey,
  desiredKeyLink,
  desiredKeyText,
  desiredStatement,
  linkDesiredKey,
  MOST_KEY_LINKS,
} from '@leadglass/sync-agent/contract'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'

/** The private key in force and the public history: one file, so that no power cut leaves a key without its link. */
const keyFile = z.strictObject({
  schema: z.literal('leadglass.desired-keys/1'),
  privateKeyPem: z.string().min(1).max(4096),
  current: desiredKey,
  /** Every rotation, oldest first. */
  chain: z.array(desiredKeyLink).max(10_000),
})
type KeyFile = z.infer<typeof keyFile>

/** Signs what the hub wishes of its devices. The key is made at the first start and rotates by a signed link. */
export class DesiredSigner {
  readonly #path: string
  #keys: KeyFile

  private constructor(path: string, keys: KeyFile) {
    this.#path = path
    this.#keys = keys
  }

  /** Reads the key, or makes the first one. @throws for a damaged file: another key would be refused by every device. */
  static async open(path: string): Promise<DesiredSigner> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (text !== undefined) return new DesiredSigner(path, keyFile.parse(JSON.parse(text)))
    const signer = new DesiredSigner(path, { ...makeKey(1), chain: [] })
    await signer.#write()
    return signer
  }

  /** The key that a box which joins now pins. */
  get current(): DesiredKey {
    return this.#keys.current
  }

  /** Signs a document for one device. */
  sign(device: DeviceId, { version, digest }: Pick<DesiredDelivery, 'version' | 'digest'>): DesiredSignature {
    const { privateKeyPem, current, chain } = this.#keys
    const statement = desiredStatement(device, version, digest)
    const signature = sign(null, statement, createPrivateKey(privateKeyPem)).toString('base64')
    return { key: current.number, signature, chain: chain.slice(-MOST_KEY_LINKS) }
  }

  /** Puts a new key into force, signed by the one before, whose private half is gone afterwards. @returns the new key. */
  async rotate(): Promise<DesiredKey> {
    const before = this.#keys
    const next = makeKey(before.current.number + 1)
    const link = linkDesiredKey(next.current, createPrivateKey(before.privateKeyPem))
    this.#keys = { ...next, chain: [...before.chain, link] }
    try {
      await this.#write()
    } catch (error) {
      this.#keys = before
      throw error
    }
    return this.#keys.current
  }

  async #write(): Promise<void> {
    await writeFileAtomically(this.#path, `${JSON.stringify(this.#keys, null, 2)}\n`)
  }
}

function makeKey(number: number): Pick<KeyFile, 'schema' | 'privateKeyPem' | 'current'> {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    schema: 'leadglass.desired-keys/1',
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    current: { number, publicKey: desiredKeyText(privateKey) },
  }
}
