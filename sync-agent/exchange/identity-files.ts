import { z } from 'zod'
import { anchors, deviceId, verifierKey, vocabularyCode } from '../contract/index.ts'
import { JsonFile } from './json-file.ts'

const instant = z.iso.datetime()
const words = z.string().max(400)
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/)

/** Appliance to agent: a person wants this box to join a hub. The code is good once, and for minutes. */
export const joinWish = z.strictObject({
  schema: z.literal('leadglass.join-wish/1'),
  id: z.uuid(),
  hubUrl: z.url({ protocol: /^mqtts$/ }).max(300),
  code: z.string().min(16).max(64),
  /** Fingerprint of the hub's authority, where the person has it from the hub's page. */
  authorityFingerprint: fingerprint.nullable(),
  /** Verifier key of the appliance's audit log, for the hub to pin. */
  auditKey: verifierKey,
})
export type JoinWish = z.infer<typeof joinWish>

const problem = z.strictObject({ code: vocabularyCode, message: words, nextStep: words })

/** Agent to appliance: what the box is at its hub, and what became of a wish to join. */
export const identityStatus = z.strictObject({
  schema: z.literal('leadglass.identity-status/1'),
  device: deviceId,
  hubUrl: z.string().max(300),
  /** Null before the box has joined. */
  certificate: z.strictObject({ notAfter: instant, renewalAt: instant, authorityFingerprint: fingerprint }).nullable(),
  /** What is wrong with the identity now. */
  problem: problem.nullable(),
  /** What the hub gave to be pinned; the appliance trusts none of it before a person has compared the fingerprints. */
  anchors: anchors.nullable(),
  join: z
    .strictObject({
      id: z.uuid(),
      state: z.enum(['asking', 'joined', 'refused']),
      problem: problem.nullable(),
      at: instant,
    })
    .nullable(),
  at: instant,
})
export type IdentityStatus = z.infer<typeof identityStatus>

/** `exchange/outbox/join.json`: written and removed by the appliance. */
export class JoinWishFile extends JsonFile<JoinWish> {
  constructor(path: string) {
    super(path, joinWish, 4096)
  }
}

/** `exchange/status/identity.json`: written by the agent, read by the appliance. */
export class IdentityStatusFile extends JsonFile<IdentityStatus> {
  constructor(path: string) {
    super(path, identityStatus, 96 * 1024)
  }
}
