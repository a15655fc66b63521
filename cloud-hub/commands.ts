import { mkdir, stat } from 'node:fs/promises'
import {
  createSigningKeyFile,
  encodeVerifierKey,
  readSigningKeyFile,
  SIGNATURE_TYPE,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import {
  type Clock,
  type Randomness,
  systemClock,
  systemRandomness,
  writeFileAtomically,
} from '@leadglass/sync-agent/foundation'
import { type AccountRole, Accounts } from './api/index.ts'
import { HUB_LOG_ORIGIN, HubAudit, WITNESS_NAME } from './audit/index.ts'
import { type HubLayout, hubLayout, hubSettings, type KnownApprover } from './hub-folder.ts'
import { CertificateAuthority, type Credential, type DeviceIdentity, Enrolment } from './ingest/index.ts'
import { openHubDatabase } from './storage/index.ts'

export { enrolDevices } from './enrol-devices.ts'
export { publishedRepository } from './hub-folder.ts'
export { accountForIngest, type IngestAccount } from './ingest-account.ts'
export { type CardGap, cardGaps } from './model-card/index.ts'
export { moveHubRecords } from './move-records.ts'
export { type ReportRefusal, verifyReport } from './reports/signed-report.ts'

/** One account for each role. */
const ACCOUNTS: readonly { readonly account: string; readonly role: AccountRole }[] = [
  { account: 'mlops', role: 'mlops' },
  { account: 'clinical-approver', role: 'clinical-approver' },
  { account: 'technical-approver', role: 'technical-approver' },
  { account: 'auditor', role: 'auditor' },
]

/** What a new hub is made of. */
export interface HubFoundation {
  readonly folder: string
  /** Names and addresses under which devices and people will reach the hub. */
  readonly names: readonly string[]
  /** The policy that devices are pinned to; left out when the key ceremony comes later. */
  readonly policy?: ApprovalPolicy
  readonly approvers?: readonly KnownApprover[]
  /** Accounts to make; one for each role unless told. Without a password one is made up. */
  readonly accounts?: readonly { readonly account: string; readonly role: AccountRole; readonly password?: string }[]
  readonly clock?: Clock
  readonly randomness?: Randomness
}

/** What was made. `accounts` has only those that are new: passwords are known in this moment and never again. */
export interface InitialisedHub {
  readonly auditVerifierKey: string
  readonly witnessVerifierKey: string
  readonly accounts: readonly { readonly account: string; readonly role: AccountRole; readonly password: string }[]
}

/**
 * Makes everything that a hub needs before its first start: certificate authority, keys of its log and as a witness,
 * operator token, settings, accounts. What is there already is left as it is, so it can be repeated.
 */
export async function initialiseHub(foundation: HubFoundation): Promise<InitialisedHub> {
  const { clock = systemClock, randomness = systemRandomness } = foundation
  const layout = hubLayout(foundation.folder)
  await mkdir(layout.secrets, { recursive: true, mode: 0o700 })
  await new CertificateAuthority(layout.authority, clock).initialise()
  const logKey = await keyFile(layout.logKey)
  const witnessKey = await keyFile(layout.witnessKey)
  if (!(await exists(layout.operatorToken))) {
    await writeFileAtomically(layout.operatorToken, Buffer.from(randomness.bytes(32)).toString('base64url'))
  }
  await writeSettings(layout, foundation)
  const database = openHubDatabase(layout.folder)
  try {
    const audit = new HubAudit(database, logKey, clock)
    const accounts = new Accounts(database, clock, randomness)
    const made: { account: string; role: AccountRole; password: string }[] = []
    for (const { account, role, password } of foundation.accounts ??
      ACCOUNTS.map((one) => ({ ...one, password: undefined }))) {
      if (accounts.has(account)) continue
      const chosen = password ?? makePassword(randomness)
      await accounts.add(account, role, chosen)
      made.push({ account, role, password: chosen })
      audit.record({
        event: 'person.enrolled',
        actor: { kind: 'system', id: 'hub.setup' },
        subject: { kind: 'person', id: account },
        outcome: 'success',
        codes: [role],
      })
    }
    return {
      auditVerifierKey: encodeVerifierKey(verifierKeyOf(HUB_LOG_ORIGIN, logKey)),
      witnessVerifierKey: encodeVerifierKey(verifierKeyOf(WITNESS_NAME, witnessKey, SIGNATURE_TYPE.cosignature)),
      accounts: made,
    }
  } finally {
    database.close()
  }
}

/**
 * Enrols a device, or renews its certificate, and pins the key of its audit log. May run beside a running hub.
 * @throws {EnrolmentError} for a name that cannot be a device's or was revoked.
 */
export async function enrolDevice(request: {
  readonly folder: string
  readonly device: string
  /** C2SP verifier key of the device's audit log; the first one pinned stays. */
  readonly auditVerifierKey?: string
  /** C2SP verifier key with which the device cosigns the hub's log; the first one pinned stays. */
  readonly witnessVerifierKey?: string
  readonly clock?: Clock
}): Promise<DeviceIdentity> {
  const { clock = systemClock } = request
  const layout = hubLayout(request.folder)
  const logKey = await readSigningKeyFile(layout.logKey)
  const database = openHubDatabase(layout.folder)
  try {
    const enrolment = new Enrolment(database, new CertificateAuthority(layout.authority, clock), clock)
    const renewed = enrolment.isAdmitted(request.device)
    const identity = await enrolment.enrol(request.device)
    if (request.auditVerifierKey !== undefined) enrolment.pinAuditLogKey(request.device, request.auditVerifierKey)
    const audit = new HubAudit(database, logKey, clock)
    if (request.witnessVerifierKey !== undefined) audit.cosignatures.pin(request.device, request.witnessVerifierKey)
    audit.record({
      event: renewed ? 'device.renewed' : 'device.enrolled',
      actor: { kind: 'system', id: 'hub.setup' },
      subject: { kind: 'device', id: request.device },
      outcome: 'success',
    })
    return identity
  } finally {
    database.close()
  }
}

/** A server certificate of the hub's authority for a broker of its own, such as Mosquitto, and the authority itself. */
export async function issueBrokerCertificate(request: {
  readonly folder: string
  readonly names: readonly string[]
  readonly clock?: Clock
}): Promise<Credential & { readonly caPem: string }> {
  const authority = new CertificateAuthority(hubLayout(request.folder).authority, request.clock ?? systemClock)
  return { ...(await authority.issueServer('broker', request.names)), caPem: await authority.certificatePem() }
}

async function writeSettings(layout: HubLayout, foundation: HubFoundation): Promise<void> {
  if (await exists(layout.settings)) return
  const settings = hubSettings.parse({
    schema: 'leadglass.hub-settings/1',
    names: [...foundation.names],
    policy: foundation.policy ?? null,
    approvers: [...(foundation.approvers ?? [])],
  })
  await writeFileAtomically(layout.settings, `${JSON.stringify(settings, null, 2)}\n`)
}

async function keyFile(path: string): ReturnType<typeof readSigningKeyFile> {
  return (await exists(path)) ? readSigningKeyFile(path) : createSigningKeyFile(path)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** 100 bits in groups that can be read out. */
function makePassword(randomness: Randomness): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789x'
  const letters = [...randomness.bytes(20)].map((byte) => alphabet[byte & 31] ?? 'x').join('')
  return (letters.match(/.{5}/g) ?? []).join('-')
}
