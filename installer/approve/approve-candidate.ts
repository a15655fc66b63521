import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { approvalSummary, type ModelVersion } from '@leadglass/ui/contract/hub-api'
import type { InstanceClient } from '../cli/client.ts'
import { readSignInFile } from '../start/sign-in-file.ts'
import { fetchDocument, readKeyFile, signDocument } from './sign-approval.ts'

/**
 * Submits a candidate and signs it with both approver keys of an evaluation instance, as two people would with
 * `leadglass model submit` and `leadglass model sign`.
 * @returns how many signatures were made.
 */
export async function approveCandidate(client: InstanceClient, model: ModelVersion): Promise<number> {
  const files = (await readdir(client.layout.approvers)).filter((name) => name.endsWith('.key.json')).sort()
  const keys = await Promise.all(files.map((name) => readKeyFile(join(client.layout.approvers, name))))
  const { approvers } = await readSignInFile(client.layout)
  const submitted = await client.request({
    service: 'hub',
    method: 'POST',
    path: '/api/approvals',
    body: {
      name: model.name,
      version: model.version,
      signoffs: keys.map(({ person, role }) => ({ person, role })),
    },
    schema: approvalSummary,
  })
  for (const key of keys) {
    const passphrase = approvers.find((approver) => approver.person === key.person)?.passphrase ?? ''
    await signDocument(client, await fetchDocument(client, submitted.approval), key, passphrase, 'approval')
  }
  return keys.length
}
