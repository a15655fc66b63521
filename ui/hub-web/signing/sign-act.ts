import { z } from 'zod'
import {
  type ApprovalDocument,
  type ApprovalSummary,
  approvalSummary,
  type Meaning,
  type PreparedSigning,
  preparedSigning,
} from '../../contract/hub-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { type BrowserKey, hex, sha256 } from './browser-key.ts'

const STATEMENT_TYPE = 'application/vnd.in-toto+json'

/** What the page itself compares before it signs; the hub checks everything again. */
const statementShape = z.object({
  subject: z.tuple([z.object({ digest: z.object({ sha256: z.string() }) })]),
  predicate: z.object({ person: z.string(), meaning: z.string() }),
})

/** Both components and what is meant (21 CFR 11.50(a)(3), 11.200(a)(1)). */
export interface SigningWords {
  readonly password: string
  readonly meaning: Meaning
  readonly reason: string
}

/** True when the bytes are those that the summary speaks of. */
export async function isWhatItSays(document: ApprovalDocument): Promise<boolean> {
  return hex(await sha256(fromBase64(document.signed))) === document.digest
}

/**
 * One act, two signatures, in the page: the hub takes the password and gives the statement with its own time; the page
 * compares it with what was shown and signs both byte strings with the key of this browser.
 * @throws ApiError in the hub's words; Error when the hub prepared something else than was shown.
 */
export async function signInPage(
  document: ApprovalDocument,
  key: BrowserKey,
  words: SigningWords,
): Promise<ApprovalSummary> {
  const path = `/api/approvals/${encodeURIComponent(document.approval)}`
  const reason = words.reason.trim()
  const prepared = await postJson(
    `${path}/signing`,
    {
      person: key.account,
      keyid: key.keyid,
      password: words.password,
      meaning: words.meaning,
      ...(reason === '' ? {} : { reason }),
    },
    preparedSigning,
  )
  await assertShown(prepared, document, key, words)
  const payload = fromBase64(prepared.statement)
  const sign = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.sign('Ed25519', key.privateKey, bytes))
  const signature = await sign(fromBase64(prepared.signed))
  const statement = {
    payloadType: STATEMENT_TYPE,
    payload: prepared.statement,
    signatures: [{ keyid: key.keyid, sig: toBase64(await sign(preAuthEncoding(payload))) }],
  }
  const body = { act: prepared.act, keyid: key.keyid, signature: hex(signature), statement }
  return postJson(`${path}/signatures`, body, approvalSummary)
}

async function assertShown(
  prepared: PreparedSigning,
  document: ApprovalDocument,
  key: BrowserKey,
  words: SigningWords,
): Promise<void> {
  const text = new TextDecoder().decode(fromBase64(prepared.statement))
  const parsed = statementShape.safeParse(JSON.parse(text))
  const isShown =
    parsed.success &&
    prepared.signed === document.signed &&
    (await isWhatItSays(document)) &&
    parsed.data.subject[0].digest.sha256 === document.digest &&
    parsed.data.predicate.person === key.account &&
    parsed.data.predicate.meaning === words.meaning
  if (!isShown) throw new Error('The hub prepared something else than was shown. Nothing was signed.')
}

/** DSSE protocol 1.0, pre-authentication encoding. */
function preAuthEncoding(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`DSSEv1 ${STATEMENT_TYPE.length} ${STATEMENT_TYPE} ${payload.length} `)
  const bytes = new Uint8Array(head.length + payload.length)
  bytes.set(head)
  bytes.set(payload, head.length)
  return bytes
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
