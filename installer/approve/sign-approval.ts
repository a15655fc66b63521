import { readFile } from 'node:fs/promises'
import {
  type ApproverKeyFile,
  openApproverKey,
  readApproverKeyFile,
  signPrepared,
} from '@leadglass/cloud-hub/governance'
import type { SignatureMeaning } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import {
  type ApprovalDocument,
  type ApprovalSummary,
  approvalDocument,
  approvalSummary,
  type PreparedSigning,
  preparedSigning,
} from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { InstanceClient } from '../cli/client.ts'
import { InstallerError } from '../errors.ts'

/** The second component: whoever can make it sign holds the key, in a file under a passphrase or in a token. */
export interface ApproverSigner {
  readonly person: string
  readonly keyid: string
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** Both components of one act (21 CFR 11.200(a)(1)), and what the person means by it. */
export interface SigningAct {
  /** Opens the key; called only after the hub has taken the password. */
  readonly open: () => Promise<ApproverSigner>
  readonly person: string
  readonly keyid: string
  readonly password: string
  readonly meaning: SignatureMeaning
}

/** What of a statement must be as it was shown. The hub checks the rest. */
const shownStatement = z.object({
  subject: z.tuple([z.object({ digest: z.object({ sha256: z.string() }) })]),
  predicate: z.object({ person: z.string(), printedName: z.string(), meaning: z.string(), signedAt: z.string() }),
})

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

/** A key file as the second component. The hub never sees key or passphrase. @throws KeyFileError `wrong-passphrase` */
export function fileSigner(file: ApproverKeyFile, passphrase: string): () => Promise<ApproverSigner> {
  return () => openApproverKey(file, passphrase)
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
  throw contradiction('the bytes to be signed are not those that the hub describes')
}

/**
 * One act, two signatures: gives the password, gets the statement with the hub's time, compares it with what was shown, and
 * signs the bytes for TUF and the statement of who signed what, when and in which meaning (21 CFR 11.50, 11.70).
 * @throws KeyFileError, TokenError; InstallerError when the hub refuses, in its own words.
 */
export async function signDocument(
  client: InstanceClient,
  document: ApprovalDocument,
  act: SigningAct,
): Promise<ApprovalSummary> {
  const path = `/api/approvals/${encodeURIComponent(document.approval)}`
  const { open, ...components } = act
  const prepared = await client.request({
    service: 'hub',
    method: 'POST',
    path: `${path}/signing`,
    body: components,
    schema: preparedSigning,
  })
  assertShown(prepared, document, act)
  const payload = Buffer.from(prepared.statement, 'base64')
  const signed = await signPrepared(await open(), Buffer.from(prepared.signed, 'base64'), payload)
  return client.request({
    service: 'hub',
    method: 'POST',
    path: `${path}/signatures`,
    body: { act: prepared.act, keyid: signed.keyid, signature: signed.signature, statement: signed.envelope },
    schema: approvalSummary,
  })
}

/** Signs nothing but what the person has seen: the hub may be lied to, or lie itself. */
function assertShown(prepared: PreparedSigning, document: ApprovalDocument, act: SigningAct): void {
  const parsed = shownStatement.safeParse(JSON.parse(Buffer.from(prepared.statement, 'base64').toString('utf8')))
  const isShown =
    parsed.success &&
    prepared.signed === document.signed &&
    parsed.data.subject[0].digest.sha256 === document.digest &&
    parsed.data.predicate.person === act.person &&
    parsed.data.predicate.meaning === act.meaning
  if (!isShown) throw contradiction('the statement that the hub prepared is not about what was shown')
}

function contradiction(message: string): InstallerError {
  return new InstallerError('request-failed', {
    message,
    effect: 'nothing was signed',
    nextStep: 'ask the administrator of the hub: its answer contradicts itself',
  })
}
