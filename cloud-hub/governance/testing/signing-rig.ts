import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { SignatureMeaning } from '@leadglass/sync-agent/contract'
import { silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { Accounts } from '../../api/index.ts'
import { HubAudit } from '../../audit/index.ts'
import type { ServiceOutcome } from '../../delivery/index.ts'
import { createHub, type HubFixture, PASSPHRASE, SIGNOFFS } from '../../delivery/testing/hub-fixture.ts'
import { ApprovalNotes } from '../approval-notes.ts'
import { openApproverKey } from '../approver-key.ts'
import { DeadlineWatch } from '../deadline-watch.ts'
import { KeyBook } from '../key-book.ts'
import { type SignedApproval, signPrepared } from '../signing.ts'
import { SigningAlarms } from '../signing-alarms.ts'
import { SigningDesk } from '../signing-desk.ts'

/** First component of everybody here. */
export const PASSWORD = 'a password of the test'

/** Governance of a hub on real files, a real database, real accounts and a real log. */
export interface SigningRig {
  readonly hub: HubFixture
  readonly accounts: Accounts
  readonly audit: HubAudit
  readonly keys: KeyBook
  readonly notes: ApprovalNotes
  readonly desk: SigningDesk
  readonly alarms: SigningAlarms
  readonly watch: DeadlineWatch
  readonly logKey: KeyObject
  /** A submitted proposal of a new version. @param days until its deadline. */
  submitted(days?: number, version?: string): Promise<string>
  begin(
    id: string,
    person: string,
    change?: Partial<Parameters<SigningDesk['begin']>[0]>,
  ): ReturnType<SigningDesk['begin']>
  /** Signs a prepared act with the person's key file. */
  signed(
    person: string,
    prepared: { readonly signedBytes: Uint8Array; readonly payload: Uint8Array },
  ): Promise<SignedApproval>
  finish(
    person: string,
    act: string,
    approval: SignedApproval,
  ): Promise<ServiceOutcome | Awaited<ReturnType<SigningDesk['finish']>>>
  /** Both halves of an act that must succeed so far. */
  sign(
    id: string,
    person: string,
    meaning?: SignatureMeaning,
  ): Promise<ServiceOutcome | Awaited<ReturnType<SigningDesk['finish']>>>
  /** Words of the log with their codes, such as `signing.refused password-wrong`. */
  words(): string[]
}

/** Builds the rig over a hub after its key ceremony. */
export async function createSigningRig(folder: string): Promise<SigningRig> {
  const hub = await createHub(folder)
  const { clock, database, governance, policy } = hub
  const logKey = generateKeyPairSync('ed25519').privateKey
  const audit = new HubAudit(database, logKey, clock)
  const accounts = new Accounts(database, clock, systemRandomness)
  for (const { person, role } of hub.approverKeys) await accounts.add(person, `${role}-approver`, PASSWORD)
  await accounts.add('auditor', 'auditor', PASSWORD)
  const keys = new KeyBook({ database, clock, randomness: systemRandomness })
  keys.adopt(
    hub.approverKeys.map(({ person, role, printedName, publicKey }) => ({ person, role, printedName, publicKey })),
  )
  const notes = new ApprovalNotes({ database, clock })
  const alarms = new SigningAlarms({ database, audit, clock })
  const desk = new SigningDesk({ database, governance, keys, alarms, first: accounts, audit, policy, clock })
  const watch = new DeadlineWatch({
    governance,
    notes,
    audit,
    together: (act) => database.transaction(act)(),
    policy,
    clock,
    logger: silentLogger,
  })
  const keyOf = (person: string) => {
    const file = hub.approverKeys.find((one) => one.person === person)
    if (file === undefined) throw new Error(`no key of ${person}`)
    return file
  }
  const begin: SigningRig['begin'] = (proposal, person, change = {}) =>
    desk.begin({ proposal, person, password: PASSWORD, keyid: keyOf(person).keyid, meaning: 'approval', ...change })
  const signed: SigningRig['signed'] = async (person, prepared) =>
    signPrepared(await openApproverKey(keyOf(person), PASSPHRASE), prepared.signedBytes, prepared.payload)
  const finish: SigningRig['finish'] = (person, act, approval) =>
    desk.finish(person, act, approval, (id, taken) => hub.service.accept(id, approval, taken))
  return {
    hub,
    accounts,
    audit,
    keys,
    notes,
    desk,
    alarms,
    watch,
    logKey,
    begin,
    signed,
    finish,
    submitted: async (days, version = '1.0.0') => {
      const digest = await hub.importPackage({ version, releaseCounter: 1 })
      const { id } = await hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])
      const dueAt = days === undefined ? null : new Date(clock.now() + days * 86_400_000).toISOString()
      await hub.service.submit(id, 'trainer', dueAt)
      return id
    },
    sign: async (id, person, meaning = 'approval') => {
      const prepared = await begin(id, person, { meaning })
      if (prepared.kind === 'refused') return prepared
      return finish(person, prepared.act, await signed(person, prepared))
    },
    words: () =>
      [...audit.log.leaves()].map((leaf) => {
        const event = decodeEvent(leaf)
        return [event?.event, ...(event?.codes ?? [])].join(' ')
      }),
  }
}

/** Signs as {@link SigningRig.signed} does, with a key that belongs to nobody. */
export function signedByStranger(
  keyid: string,
  prepared: { readonly signedBytes: Uint8Array; readonly payload: Uint8Array },
): Promise<SignedApproval> {
  const { privateKey } = generateKeyPairSync('ed25519')
  return signPrepared(
    { keyid, sign: (data) => sign(undefined, data, privateKey) },
    prepared.signedBytes,
    prepared.payload,
  )
}
