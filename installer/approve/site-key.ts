import { sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { generateSigningKey, openSealedKey, type ScryptCost, sealedKey, sealKey } from '@leadglass/cloud-hub/governance'
import { type ModelReference, personIdentifier, type SignatureMeaning } from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, systemRandomness, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type DsseEnvelope, preAuthEncoding, STATEMENT_TYPE, siteApprovalOf } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'

const header = z.strictObject({
  schema: z.literal('leadglass.site-key/1'),
  person: personIdentifier,
  /** The name that stands in every printed form of the approval (21 CFR 11.50(a)(1)). */
  printedName: z.string().trim().min(1).max(120),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The file of a key with which the hospital approves for itself. It never leaves the site. */
export const siteKeyFile = header.extend({ privateKey: sealedKey })
export type SiteKeyFile = z.infer<typeof siteKeyFile>

/** Makes a key for a person of the hospital. @throws KeyFileError `passphrase-too-short` */
export async function createSiteKey(
  person: string,
  printedName: string,
  passphrase: string,
  cost?: ScryptCost,
): Promise<SiteKeyFile> {
  const { privateKey, publicKey } = generateSigningKey()
  const head = header.parse({ schema: 'leadglass.site-key/1', person, printedName, publicKey })
  return { ...head, privateKey: await sealKey(privateKey, passphrase, head, systemRandomness, cost) }
}

/** Reads a site key file. @throws InstallerError `file-not-found`, `input-invalid` */
export async function readSiteKey(path: string): Promise<SiteKeyFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `the key file ${path} cannot be read`,
      effect: 'nothing was signed',
      nextStep: 'name your own site key file',
      cause,
    })
  })
  const parsed = siteKeyFile.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new InstallerError('input-invalid', {
    message: `${path} is no site key file`,
    effect: 'nothing was signed',
    nextStep: 'make one with "leadglass approve local key"',
  })
}

/** Signs the hospital's approval of exactly these bytes. @throws KeyFileError `wrong-passphrase` */
export async function signSiteApproval(
  file: SiteKeyFile,
  passphrase: string,
  model: ModelReference,
  meaning: SignatureMeaning,
  clock: Clock,
): Promise<DsseEnvelope> {
  const { privateKey: sealed, ...head } = file
  const key = await openSealedKey(sealed, passphrase, head, head.publicKey)
  const payload = Buffer.from(canonicalJson(siteApprovalOf(model, file, meaning, toIsoInstant(clock.now()))))
  return {
    payloadType: STATEMENT_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: file.publicKey, sig: sign(undefined, preAuthEncoding(payload), key).toString('base64') }],
  }
}
