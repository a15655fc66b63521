import { join } from 'node:path'
import { approvalSummary, type ModelVersion } from '@leadglass/ui/contract/hub-api'
import type { InstanceClient } from '../cli/client.ts'
import { readSignInFile } from '../start/sign-in-file.ts'
import { fetchDocument, fileSigner, readKeyFile, signDocument } from './sign-approval.ts'

/**
 * Submits a candidate and signs it with both approver keys of an evaluation instance, as two people would with
 * `leadglass model submit` and `leadglass model sign`.
 * @returns how many signatures were made.
 */
export async function approveCandidate(client: InstanceClient, model: ModelVersion): Promise<number> {
  const { approvers, hub } = await readSignInFile(client.layout)
  // By name, not by folder: keys of others may lie beside those of the approvers.
  const files = approvers.map(({ person }) => join(client.layout.approvers, `${person}.key.json`))
  const keys = await Promise.all(files.map((file) => readKeyFile(file)))
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
    const password = hub.find((one) => one.account === key.person)?.password ?? ''
    const components = { person: key.person, keyid: key.keyid, password, open: fileSigner(key, passphrase) }
    await signDocument(client, await fetchDocument(client, submitted.approval), { ...components, meaning: 'approval' })
  }
  return keys.length
}
