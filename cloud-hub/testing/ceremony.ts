import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { systemClock } from '@leadglass/sync-agent/foundation'
import {
  createOnlineKeys,
  createRepositoryKeys,
  FolderRepositoryFiles,
  initialiseRepository,
  openCustodianKey,
} from '../delivery/index.ts'
import { type ApproverKeyFile, createApproverKey } from '../governance/index.ts'
import { hubLayout } from '../hub-folder.ts'

/** Opens every key of a test ceremony. */
export const TEST_PASSPHRASE = 'a long passphrase for tests only'
/** Cheap on purpose: the derivation itself is tested where it lives. */
const COST = { n: 16_384, r: 8, p: 1 } as const

/** What a test ceremony leaves. */
export interface TestCeremony {
  readonly policy: ApprovalPolicy
  readonly approvers: readonly ApproverKeyFile[]
  readonly root: Uint8Array
}

/** Sets up the repository of a hub folder with two approvers, as a key ceremony does. */
export async function holdTestCeremony(folder: string): Promise<TestCeremony> {
  const layout = hubLayout(folder)
  await mkdir(layout.secrets, { recursive: true, mode: 0o700 })
  const passphrase = TEST_PASSPHRASE
  const custodians = await createRepositoryKeys({
    folder: join(folder, 'ceremony'),
    passphraseOf: () => passphrase,
    cost: COST,
  })
  const approvers = await Promise.all([
    createApproverKey({
      person: 'clinical-approver',
      role: 'clinical',
      printedName: 'Clinical',
      passphrase,
      cost: COST,
    }),
    createApproverKey({
      person: 'technical-approver',
      role: 'technical',
      printedName: 'Technical',
      passphrase,
      cost: COST,
    }),
  ])
  const online = await createOnlineKeys(layout.onlineKeys)
  const files = [...custodians.root.slice(0, 2), ...custodians.targets.slice(0, 2)]
  const { root, rootDigest } = await initialiseRepository({
    files: new FolderRepositoryFiles({ folder: layout.repository }),
    parties: {
      custodians,
      online: { snapshot: online.snapshot.publicKey, timestamp: online.timestamp.publicKey },
      approvers,
    },
    signers: await Promise.all(files.map((file) => openCustodianKey(file, passphrase))),
    onlineKeys: online,
    clock: systemClock,
  })
  const policy: ApprovalPolicy = {
    schema: 'leadglass.approval-policy/1',
    minimumApprovals: 2,
    requiredRoles: ['clinical', 'technical'],
    initialRootDigest: rootDigest,
  }
  return { policy, approvers, root }
}
