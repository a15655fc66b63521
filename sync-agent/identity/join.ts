import { createHash, createPrivateKey, timingSafeEqual, X509Certificate } from 'node:crypto'
import {
  type DeviceId,
  enrolmentProof,
  enrolmentSecrets,
  type JoinAnswer,
  joinAnswer,
  normaliseEnrolmentCode,
} from '../contract/index.ts'
import { type Clock, digestOf, toIsoInstant } from '../foundation/index.ts'
import { certificateRequest, generateDeviceKey } from './certificate-request.ts'
import { askDoor, openDoor } from './door-client.ts'
import { IdentityError } from './errors.ts'
import type { Identity, IdentityStore } from './identity-store.ts'

/** What a box needs to join. */
export interface JoinRequestOptions {
  /** The hub's port for devices, `mqtts://host:port`. */
  readonly hubUrl: string
  /** As a person typed it. */
  readonly code: string
  /** The name that the box has already; null to take the one that the code is for. */
  readonly device: DeviceId | null
  /** C2SP verifier key of the box's audit log. */
  readonly auditKey: string | null
  /** SHA-256 of the hub's authority, hexadecimal, where a person has it from the hub's console as well. */
  readonly hubFingerprint?: string
  /** The settings file says where the hub is, and may say otherwise later; absent to keep this address. */
  readonly addressIsConfigured?: boolean
}

/**
 * Joins a hub: makes a key that never leaves, proves knowledge of the code over this very connection, and keeps what the
 * hub answers once the hub has proven the same. May be repeated with the same code when it was cut short.
 * @throws {IdentityError} `code-mistyped`, `hub-not-genuine`, `hub-unreachable`, or the hub's refusal.
 */
export async function joinHub(options: JoinRequestOptions, store: IdentityStore, clock: Clock): Promise<Identity> {
  const code = normaliseEnrolmentCode(options.code)
  if (code === undefined) throw mistyped()
  const { id, key } = enrolmentSecrets(code)
  const begun = await store.readNext()
  const keyPem = begun?.invitation === digestOf(id) ? begun.keyPem : generateDeviceKey()
  // The key is on disk before the hub is asked: an answer that is lost is asked for again with the same key.
  await store.writeNext({ invitation: digestOf(id), keyPem, certificatePem: null })
  const connection = await openDoor(options.hubUrl, { caPem: null })
  const message = {
    schema: 'leadglass.join/1' as const,
    invitation: id,
    device: options.device,
    csr: certificateRequest(keyPem, options.device ?? 'leadglass'),
    auditKey: options.auditKey,
    at: toIsoInstant(clock.now()),
  }
  const proof = enrolmentProof(key, 'device', connection.binding, message)
  const server = connection.socket.getPeerX509Certificate()
  const answer = await askDoor(connection, '/join', { ...message, proof }, joinAnswer)
  assertGenuine(answer, key, connection.binding, server, options.hubFingerprint)
  assertOwn(answer, keyPem)
  const { device, certificate, authority, hubKeys } = answer
  const hub = { hub: { mqttUrl: options.hubUrl, httpUrl: hubPages(options.hubUrl) } }
  const joined = {
    device,
    keyPem,
    certificatePem: certificate,
    caPem: authority,
    hubKeys,
    ...(options.addressIsConfigured === true ? {} : hub),
  }
  await store.write(joined)
  return { schema: 'leadglass.identity/1', ...joined }
}

/** Pages and repository of a hub are one port below the one for devices, unless the agent's file says otherwise. */
export function hubPages(hubUrl: string): string {
  const { hostname, port } = new URL(hubUrl)
  return `http://${hostname}:${Number(port === '' ? 8883 : port) - 1}`
}

/** SHA-256 of an authority's certificate, hexadecimal: what the hub's console shows beside a code. */
export function authorityFingerprint(caPem: string): string {
  return createHash('sha256').update(new X509Certificate(caPem).raw).digest('hex')
}

/** The hub knows the code, on this connection, and its certificate comes from the authority that it names. */
function assertGenuine(
  { proof, ...message }: JoinAnswer,
  key: Buffer,
  binding: Buffer,
  server: X509Certificate | undefined,
  fingerprint: string | undefined,
): void {
  const expected = Buffer.from(enrolmentProof(key, 'hub', binding, message), 'hex')
  const authority = new X509Certificate(message.authority)
  const pinned = fingerprint?.toLowerCase().replaceAll(/[^0-9a-f]/g, '')
  const genuine =
    timingSafeEqual(expected, Buffer.from(proof, 'hex')) &&
    server?.verify(authority.publicKey) === true &&
    (pinned === undefined || pinned === authorityFingerprint(message.authority))
  if (genuine) return
  throw new IdentityError('hub-not-genuine', 'permanent', {
    message: 'whoever answered is not the hub that made the code',
    effect: 'nothing of the answer was kept',
    nextStep: 'find out what stands between the box and the hub; compare the fingerprint on the hub’s console',
  })
}

function assertOwn({ certificate, device, authority }: JoinAnswer, keyPem: string): void {
  const issued = new X509Certificate(certificate)
  const own = issued.subject === `CN=${device}` && issued.verify(new X509Certificate(authority).publicKey)
  if (own && issued.checkPrivateKey(createPrivateKey(keyPem))) return
  throw new IdentityError('certificate-malformed', 'permanent', {
    message: 'the certificate is not for the key of this box',
    effect: 'nothing of the answer was kept',
    nextStep: 'use the leadglass command of the same version as the hub',
  })
}

function mistyped(): IdentityError {
  return new IdentityError('code-mistyped', 'permanent', {
    message: 'this is no code: its check character does not agree',
    effect: 'nothing was sent',
    nextStep: 'type it again as the hub’s console shows it: sixteen letters and digits',
  })
}
