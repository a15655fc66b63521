import { type KeyObject, sign, verify, type X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { type NoteSigner, type NoteVerifier, openNote, signNote } from '../audit-log/index.ts'
import { type Acknowledgement, acknowledgement, type DeviceId } from '../contract/index.ts'
import { canonicalJson, digestOf } from '../foundation/index.ts'

/** Beside `kit.json` of a device's kit: who made it. */
export const KIT_SIGNATURE = 'kit.signature.json'
/** The first line keeps these signatures from being ones of anything else, such as a checkpoint. */
const LIST_LINE = 'leadglass.kit/1'
const ACKNOWLEDGEMENT_LINE = 'leadglass.kit-acknowledgement/1'

/** A device's signature over the list, with the certificate that the hub gave it for connections. */
export const kitSignature = z.strictObject({
  schema: z.literal('leadglass.kit-signature/1'),
  certificate: z.string().max(8192),
  signature: z.base64().max(1024),
})
export type KitSignature = z.infer<typeof kitSignature>

/** Signs a list with the key of the device's connections. @param certificate PEM. */
export function signKitList(listBytes: Uint8Array, key: KeyObject, certificate: string): KitSignature {
  const signature = sign('sha256', statementOf(listBytes), key).toString('base64')
  return { schema: 'leadglass.kit-signature/1', certificate, signature }
}

/** True when the list was signed with the certificate's key. Whose certificate it is, is another question. */
export function isKitListSigned(listBytes: Uint8Array, { signature }: KitSignature, by: X509Certificate): boolean {
  return verify('sha256', statementOf(listBytes), by.publicKey, Buffer.from(signature, 'base64'))
}

/** What a hub has committed of one device, as a signed note (C2SP signed-note) of the hub's log key. */
export function signKitAcknowledgement(answer: Acknowledgement, signer: NoteSigner): string {
  return signNote(`${ACKNOWLEDGEMENT_LINE}\n${canonicalJson(answer)}\n`, [signer])
}

/** The acknowledgement of a note for this device; undefined unless the pinned hub signed exactly that. */
export function openKitAcknowledgement(note: string, device: DeviceId, hub: NoteVerifier): Acknowledgement | undefined {
  const opened = openNote(note, [hub])
  if (opened.kind === 'refused') return undefined
  const [line, json, ...rest] = opened.text.split('\n')
  if (line !== ACKNOWLEDGEMENT_LINE || json === undefined || rest.join('') !== '') return undefined
  const parsed = acknowledgement.safeParse(JSON.parse(json))
  return parsed.success && parsed.data.device === device ? parsed.data : undefined
}

function statementOf(listBytes: Uint8Array): Uint8Array {
  return Buffer.from(`${LIST_LINE}\n${digestOf(listBytes)}\n`)
}
