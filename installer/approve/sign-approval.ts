import { readFile } from 'node:fs/promises'
import {
  type ApproverKeyFile,
  openApproverKey,
  readApproverKeyFile,
  signApproval,
} from '@leadglass/cloud-hub/governance'
import type { SignatureMeaning } from '@leadglass/sync-agent/contract'
import { modelReference } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import {
  type ApprovalDocument,
  type ApprovalSummary,
  approvalDocument,
  approvalSummary,
} from '@leadglass/ui/contract/hub-api'
import type { InstanceClient } from '../cli/client.ts'
import { InstallerError } from '../errors.ts'

/** Reads an approver's key file. @throws InstallerError `file-not-found`. */
export async function readKeyFile(path: string): Promise<ApproverKeyFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `the key file ${path} cannot be read`,
      effect: 'nothing was signed',
      nextStep: 'name your own approver key file',
      cause,
    })
  })
  return readApproverKeyFile(JSON.parse(text))
}

/** What is to be signed, fetched anew for each act: exactly these bytes, and what they say. */
export async function fetchDocument(client: InstanceClient, approval: string): Promise<ApprovalDocument> {
  const document = await client.request({
    service: 'hub',
    method: 'GET',
    path: `/api/approvals/${encodeURIComponent(approval)}/document`,
    schema: approvalDocument,
  })
  if (digestOf(Buffer.from(document.signed, 'base64')) === document.digest) return document
  throw new InstallerError('request-failed', {
    message: 'the bytes to be signed are not those that the hub describes',
    effect: 'nothing was signed',
    nextStep: 'ask the administrator of the hub: its answer contradicts itself',
  })
}

/**
 * One act, two signatures: opens the key by its passphrase on this machine, signs the bytes for TUF and the statement of
 * who signed what, when and in which meaning (21 CFR 11.50, 11.70), and sends both. The hub never sees key or passphrase.
 * @throws KeyFileError `wrong-passphrase`; InstallerError when the hub refuses, in its own words.
 */
export async function signDocument(
  client: InstanceClient,
  document: ApprovalDocument,
  keyFile: ApproverKeyFile,
  passphrase: string,
  meaning: SignatureMeaning,
): Promise<ApprovalSummary> {
  const key = await openApproverKey(keyFile, passphrase)
  const subject = {
    version: document.version,
    signedBytes: Buffer.from(document.signed, 'base64'),
    releases: document.releases.map(({ model, releaseCounter }) => ({
      model: modelReference.parse(model),
      releaseCounter,
    })),
  }
  // The time of signing is the hub's, not this machine's (21 CFR 11.10(e)).
  const signed = signApproval(key, subject, meaning, { now: () => Date.parse(document.serverTime) })
  return client.request({
    service: 'hub',
    method: 'POST',
    path: `/api/approvals/${encodeURIComponent(document.approval)}/signatures`,
    body: { keyid: signed.keyid, signature: signed.signature, statement: signed.envelope },
    schema: approvalSummary,
  })
}
