import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { deviceId } from '../contract/index.ts'
import { writeFileAtomically } from '../foundation/index.ts'

const pem = z.string().min(1).max(16_384)

/** `identity.json`: key and certificates in one file, so that no power cut can leave a key without its certificate. */
const identity = z.strictObject({
  schema: z.literal('leadglass.identity/1'),
  device: deviceId,
  keyPem: pem,
  certificatePem: pem,
  caPem: pem,
  /** Verifier keys of the hub's log and witness, pinned when the box joined; none for one that was set up beside its hub. */
  hubKeys: z.array(z.string().max(400)).max(4),
  /** Where the hub is that the box joined; absent for one that was set up beside its hub, or joined before this was kept. */
  hub: z.strictObject({ mqttUrl: z.url({ protocol: /^mqtts$/ }), httpUrl: z.url({ protocol: /^https?$/ }) }).optional(),
})
export type Identity = z.infer<typeof identity>

/** `identity-next.json`: a key for which a certificate is asked, and the certificate once it is there. */
const nextIdentity = z.strictObject({
  schema: z.literal('leadglass.identity-next/1'),
  /** SHA-256 of the code with which the box joins; null for a renewal. */
  invitation: z.string().nullable(),
  keyPem: pem,
  certificatePem: pem.nullable(),
})
export type NextIdentity = z.infer<typeof nextIdentity>

/** The two files of an identity in a folder that the agent may write. Each is replaced as a whole. */
export class IdentityStore {
  readonly #folder: string

  /** @param folder the agent's `state` folder. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** What the box is; undefined before it has joined or renewed by itself. @throws for a damaged file. */
  async read(): Promise<Identity | undefined> {
    const text = await readOptional(this.#path)
    return text === undefined ? undefined : identity.parse(JSON.parse(text))
  }

  /** What the box is about to be. A file that cannot be read is as good as none: the hub is asked again. */
  async readNext(): Promise<NextIdentity | undefined> {
    const text = await readOptional(this.#nextPath)
    if (text === undefined) return undefined
    try {
      return nextIdentity.parse(JSON.parse(text))
    } catch {
      return undefined
    }
  }

  async writeNext(next: Omit<NextIdentity, 'schema'>): Promise<void> {
    await writeFileAtomically(this.#nextPath, JSON.stringify({ schema: 'leadglass.identity-next/1', ...next }))
  }

  /** Puts an identity in place of the one before; what was next is done. */
  async write(value: Omit<Identity, 'schema'>): Promise<void> {
    await writeFileAtomically(this.#path, JSON.stringify({ schema: 'leadglass.identity/1', ...value }))
    await this.dropNext()
  }

  async dropNext(): Promise<void> {
    await rm(this.#nextPath, { force: true })
  }

  get #path(): string {
    return join(this.#folder, 'identity.json')
  }

  get #nextPath(): string {
    return join(this.#folder, 'identity-next.json')
  }
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
