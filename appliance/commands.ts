import { mkdir, readFile } from 'node:fs/promises'
import { AuditLog, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import { type Anchors, approvalPolicy, type DeviceId } from '@leadglass/sync-agent/contract'
import {
  type Clock,
  type Randomness,
  systemClock,
  systemRandomness,
  writeFileAtomically,
} from '@leadglass/sync-agent/foundation'
import type { z } from 'zod'
import { deriveSiteKeys, pseudonymOfPerson } from './deidentify/index.ts'
import { AuditTrail, EgressDoor } from './egress/index.ts'
import { pinAnchors } from './enrolment/index.ts'
import { type ApplianceFolders, makeApplianceFolders } from './folders.ts'
import { hashPassword } from './local-api/index.ts'
import { openRecords, type Records, type Role } from './records/index.ts'
import { auditOrigin, ensureSecrets } from './secrets.ts'
import { settingsSchema } from './settings.ts'

export { type ConsolePairing, consolePairing } from './console-door/index.ts'
export { applianceFolders } from './folders.ts'
export { type HeldSearch, openHeldSearch, type ScannedFile } from './leak-scan/index.ts'

export { type LocalVault, openLocalVault, type RotationPlan, type VaultStatus } from './vault/index.ts'

/** What an appliance is given before its first start. */
export interface InitialiseRequest {
  /** The appliance's data folder. */
  readonly folder: string
  readonly device: DeviceId
  /** Where the keys that protect the data lie, when that is elsewhere. */
  readonly keysFolder?: string
  /** Accounts to make; an account without a password is given one. */
  readonly accounts: readonly { readonly userName: string; readonly role: Role; readonly password?: string }[]
  /** What the appliance trusts for updates: bytes of root.json, and the approval policy. */
  readonly trust?: { readonly initialRoot: Uint8Array; readonly policy: z.input<typeof approvalPolicy> }
  readonly settings?: z.input<typeof settingsSchema>
  /** Gives accounts that exist a new password too, and names them: for a first start that was broken off half way. */
  readonly resetPasswords?: boolean
  readonly clock?: Clock
  readonly randomness?: Randomness
}

/** What was made. Passwords are shown here once and kept nowhere. */
export interface InitialiseAnswer {
  /** C2SP verifier key of the audit log, for the hub to witness it. */
  readonly auditVerifierKey: string
  /** The token file of the local command line. */
  readonly operatorTokenFile: string
  /** Accounts made by this call, with their passwords. Accounts that existed keep theirs and are not named. */
  readonly accounts: readonly { readonly userName: string; readonly role: Role; readonly password: string }[]
}

/**
 * Prepares an appliance's folder: secrets, database, accounts, trust and settings. Calling it again makes only what is
 * missing and replaces nothing; trust in particular is pinned by the first call.
 * @throws when the folder is pinned to another root or policy than the one given.
 */
export async function initialiseAppliance(request: InitialiseRequest): Promise<InitialiseAnswer> {
  const { folder, device, clock = systemClock, randomness = systemRandomness } = request
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const folders = await makeApplianceFolders(folder, request.keysFolder)
  const secrets = await ensureSecrets(folders, device, randomness)
  if (request.trust !== undefined) await pinTrust(folders, request.trust)
  const settings = settingsSchema.parse(request.settings ?? {})
  if (!(await exists(folders.settings))) {
    await writeFileAtomically(folders.settings, `${JSON.stringify(settings, null, 2)}\n`)
  }
  const records = openRecords(folders.records, secrets.databaseKey)
  try {
    const keys = deriveSiteKeys(secrets.siteSecret)
    const made: { userName: string; role: Role; password: string }[] = []
    for (const { userName, role, password = newPassword(randomness) } of request.accounts) {
      const known = records.people.account(userName)
      if (known !== undefined && request.resetPasswords !== true) continue
      const passwordHash = await hashPassword(password)
      if (known === undefined) {
        enrol(records, device, clock, { personId: pseudonymOfPerson(keys, userName), userName, role, passwordHash })
      } else {
        records.transaction(() => {
          records.people.setPassword(known.personId, passwordHash)
        })
      }
      made.push({ userName, role: known?.role ?? role, password })
    }
    return { auditVerifierKey: secrets.auditVerifierKey, operatorTokenFile: folders.operatorToken, accounts: made }
  } finally {
    records.close()
  }
}

/**
 * Pins what the hub of this box gave when it joined. What is there already must be the same.
 * @param how `confirmed` when a person vouches for the hub: a later key for wishes then takes the place of the pinned one.
 * @returns true when something new is pinned.
 * @throws {EnrolmentError} `anchors-differ`.
 */
export async function pinHubAnchors(folder: string, anchors: Anchors, how: 'fill' | 'confirmed'): Promise<boolean> {
  return pinAnchors(await makeApplianceFolders(folder), anchors, how)
}

/**
 * Opens a new epoch of everything that leaves: needed after a restore, when sequences may have been used that the
 * database no longer knows. The appliance must not be running.
 * @returns the epoch's number.
 */
export async function openEgressEpoch(request: {
  readonly folder: string
  readonly device: DeviceId
  readonly keysFolder?: string
  readonly reason: 'restored' | 'replaced'
}): Promise<number> {
  const { folder, device, reason } = request
  const folders = await makeApplianceFolders(folder, request.keysFolder)
  const secrets = await ensureSecrets(folders, device, systemRandomness)
  const records = openRecords(folders.records, secrets.databaseKey)
  try {
    return records.transaction(() => {
      const epoch = records.egress.openEpoch(systemClock.now(), reason)
      auditTrail(records, device, systemClock).record({
        event: 'backup.restored',
        actor: { kind: 'system', id: 'installer' },
        subject: null,
        outcome: 'success',
        codes: [`epoch-${epoch}`, reason],
      })
      return epoch
    })
  } finally {
    records.close()
  }
}

function auditTrail(records: Records, device: DeviceId, clock: Clock): AuditTrail {
  const store = new SqliteLogStore(records.database, auditOrigin(device))
  const log = new AuditLog({ origin: auditOrigin(device), store, clock })
  return new AuditTrail(log, new EgressDoor({ records, device, clock }), records)
}

function enrol(
  records: Records,
  device: DeviceId,
  clock: Clock,
  account: { personId: string; userName: string; role: Role; passwordHash: string },
): void {
  const audit = auditTrail(records, device, clock)
  records.transaction(() => {
    records.people.insertAccount(account, clock.now())
    audit.record({
      event: 'person.enrolled',
      actor: { kind: 'system', id: 'installer' },
      subject: { kind: 'person', id: account.personId },
      outcome: 'success',
      codes: [account.role],
    })
  })
}

async function pinTrust(
  folders: ApplianceFolders,
  trust: { readonly initialRoot: Uint8Array; readonly policy: z.input<typeof approvalPolicy> },
): Promise<void> {
  const policy = `${JSON.stringify(approvalPolicy.parse(trust.policy), null, 2)}\n`
  await pin(folders.initialRoot, trust.initialRoot)
  await pin(folders.policy, Buffer.from(policy))
}

async function pin(path: string, bytes: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined)
  if (present === undefined) await writeFileAtomically(path, bytes, 0o400)
  else if (Buffer.compare(present, bytes) !== 0) {
    throw new Error('this appliance already trusts another root or policy; trust is never replaced by a command')
  }
}

/** 120 bits in groups that a person can type. */
function newPassword(randomness: Randomness): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789x'
  const letters = [...randomness.bytes(24)].map((byte) => alphabet[byte % 32] ?? 'x')
  return [0, 6, 12, 18].map((at) => letters.slice(at, at + 6).join('')).join('-')
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  )
}
