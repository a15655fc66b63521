import { z } from 'zod'
import { deviceId } from './identifiers.ts'

const proof = z.string().regex(/^[0-9a-f]{64}$/)
const pem = z.string().max(8192)
/** A C2SP verifier key of a log or witness. */
export const verifierKey = z.string().regex(/^[\w./+-]{1,128}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{20,200}={0,2}$/)

/** Device to hub, once: a PKCS#10 request (RFC 2986) for the key that never leaves the box. */
export const joinRequest = z.strictObject({
  schema: z.literal('leadglass.join/1'),
  invitation: z.string().regex(/^[0-9a-f]{32}$/),
  /** The name that the box has already; null when it takes the one of the invitation. */
  device: deviceId.nullable(),
  csr: pem,
  /** Verifier key of the box's audit log, for the hub to pin. */
  auditKey: verifierKey.nullable(),
  /** The box's clock. */
  at: z.iso.datetime(),
  proof,
})
export type JoinRequest = z.infer<typeof joinRequest>

/** Hub to device: its certificate, the authority, and the keys of the hub's log and witness for the box to pin. */
export const joinAnswer = z.strictObject({
  schema: z.literal('leadglass.join-answer/1'),
  device: deviceId,
  certificate: pem,
  authority: pem,
  hubKeys: z.array(verifierKey).max(4),
  proof,
})
export type JoinAnswer = z.infer<typeof joinAnswer>

/** Device to hub over mutual TLS: the next link of its chain of certificates, for a new key. */
export const renewalRequest = z.strictObject({ schema: z.literal('leadglass.renewal/1'), csr: pem })

/** Hub to device: the next certificate. The one before works until this one was shown once. */
export const renewalAnswer = z.strictObject({ schema: z.literal('leadglass.renewal-answer/1'), certificate: pem })

/** Hub to device: the certificate of this connection is the one in force. */
export const confirmationAnswer = z.strictObject({ schema: z.literal('leadglass.confirmation-answer/1') })

/** Hub to device: no, and why. */
export const enrolmentRefusal = z.strictObject({
  schema: z.literal('leadglass.enrolment-refusal/1'),
  code: z.string().regex(/^[a-z-]{3,40}$/),
})
