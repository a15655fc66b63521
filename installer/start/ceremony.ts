import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createOfficerKey,
  createOnlineKeys,
  createRepositoryKeys,
  FolderRepositoryFiles,
  initialiseRepository,
  openCustodianKey,
} from '@leadglass/cloud-hub/delivery'
import { type ApproverKeyFile, createApproverKey } from '@leadglass/cloud-hub/governance'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { InstanceLayout } from './layout.ts'

/** The two approvers of an evaluation instance. They are roles, not people: whoever evaluates plays both. */
const EVALUATION_APPROVERS = [
  { person: 'clinical-approver', role: 'clinical', printedName: 'Evaluation clinical approver' },
  { person: 'technical-approver', role: 'technical', printedName: 'Evaluation technical approver' },
] as const

/** File name of the safety officer's key of an evaluation instance, beside those of the approvers. */
export const SAFETY_OFFICER_KEY = 'safety-officer.key.json'

/** What the ceremony leaves behind for the other zones, and what a person must know. */
export interface CeremonyOutcome {
  /** Bytes of 1.root.json, to be pinned on the device. */
  readonly initialRoot: Uint8Array
  readonly policy: ApprovalPolicy
  readonly approvers: readonly {
    readonly keyFile: ApproverKeyFile
    readonly path: string
    readonly passphrase: string
  }[]
}

/**
 * The key ceremony of an evaluation instance: six offline keys, two approvers, the first state of the TUF repository.
 * In a hospital the same steps are done by the custodians on a machine without a network.
 */
export async function holdCeremony(layout: InstanceLayout): Promise<CeremonyOutcome> {
  const repository = join(layout.hub.folder, 'repository')
  const secrets = join(layout.hub.folder, 'secrets')
  for (const folder of [layout.ceremony, layout.approvers, repository, secrets]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  }
  const custodianPassphrase = makePassphrase()
  await writeFileAtomically(
    join(layout.ceremony, 'PASSPHRASE.txt'),
    `${custodianPassphrase}\n\nOpens the offline keys of this evaluation instance. Carry keys and passphrase away, apart from each other.\n`,
  )
  const custodians = await createRepositoryKeys({ folder: layout.ceremony, passphraseOf: () => custodianPassphrase })
  const approvers = await Promise.all(
    EVALUATION_APPROVERS.map(async (approver) => {
      const passphrase = makePassphrase()
      const keyFile = await createApproverKey({ ...approver, passphrase })
      const path = join(layout.approvers, `${approver.person}.key.json`)
      await writeFileAtomically(path, JSON.stringify(keyFile, null, 2))
      return { keyFile, path, passphrase }
    }),
  )
  // The safety officer's key lies with the approvers' keys: in a hospital it is that person's own.
  const officerPassphrase = makePassphrase()
  const officer = await createOfficerKey({ person: 'safety-officer', passphrase: officerPassphrase })
  await writeFileAtomically(join(layout.approvers, SAFETY_OFFICER_KEY), JSON.stringify(officer, null, 2))
  await writeFileAtomically(join(layout.approvers, 'safety-officer.PASSPHRASE.txt'), `${officerPassphrase}\n`)
  const online = await createOnlineKeys(join(secrets, 'online-keys.json'))
  const signers = await Promise.all(
    [custodians.root[0], custodians.root[1], custodians.targets[0], custodians.targets[1]].map((file) =>
      openCustodianKey(file, custodianPassphrase),
    ),
  )
  const { root, rootDigest } = await initialiseRepository({
    files: new FolderRepositoryFiles({ folder: repository }),
    parties: {
      custodians,
      online: { snapshot: online.snapshot.publicKey, timestamp: online.timestamp.publicKey },
      approvers: approvers.map(({ keyFile: { person, role, publicKey } }) => ({ person, role, publicKey })),
      officers: [{ person: officer.person, publicKey: officer.publicKey }],
    },
    signers,
    onlineKeys: online,
    clock: systemClock,
  })
  return {
    initialRoot: root,
    policy: {
      schema: 'leadglass.approval-policy/1',
      minimumApprovals: 2,
      requiredRoles: ['clinical', 'technical'],
      initialRootDigest: rootDigest,
    },
    approvers,
  }
}

/** 120 bits, in groups that can be read out. */
function makePassphrase(): string {
  return (randomBytes(15).toString('hex').match(/.{5}/g) ?? []).join('-')
}
