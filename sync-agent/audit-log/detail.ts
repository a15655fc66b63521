import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../foundation/index.ts'
import { decodeEvent } from './event.ts'

/** Bytes of a salt: enough that nobody can try values out, even for a detail that has only two. */
export const DETAIL_SALT_BYTES = 32

const CONTEXT = 'leadglass.audit-detail/1'
const value = z.union([z.string().max(65_536), z.number(), z.boolean(), z.null()])

/** What stays at the site: names and addresses as they were, by member. Flat, so that it has one canonical form. */
export const auditDetail = z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,63}$/), value)
export type AuditDetail = z.infer<typeof auditDetail>

/** The file with which a site shows the detail of one entry. */
export const detailFile = z.strictObject({
  schema: z.literal('leadglass.audit-detail/1'),
  origin: z.string().max(256),
  index: z.int().min(0),
  /** Base64 of the leaf's bytes. */
  leaf: z.base64().max(90_000),
  /** Hexadecimal. */
  salt: z.string().regex(/^[0-9a-f]{64}$/),
  detail: auditDetail,
  /** The `.tlog-proof` of the entry; null while no checkpoint covers it. */
  proof: z.string().max(131_072).nullable(),
})
export type DetailFile = z.infer<typeof detailFile>

/**
 * The commitment that stands in a leaf: HMAC-SHA-256 under the salt over the canonical detail, 64 hexadecimal digits.
 * Hiding while the salt is secret, binding because the hash is.
 */
export function commitmentTo(detail: AuditDetail, salt: Uint8Array): string {
  return createHmac('sha256', salt)
    .update(`${CONTEXT}\n`)
    .update(canonicalJson(auditDetail.parse(detail)))
    .digest('hex')
}

/** What a file says about its leaf. */
export type DetailVerdict =
  | { readonly kind: 'verified'; readonly file: DetailFile; readonly leaf: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'no-commitment' | 'detail-mismatch' }

/**
 * Holds a detail against the commitment in its leaf. That the leaf itself stands in the log is proven apart, by its
 * `.tlog-proof` or by an export.
 */
export function verifyDetail(text: string): DetailVerdict {
  const file = parseDetailFile(text)
  const leaf = file === undefined ? undefined : Buffer.from(file.leaf, 'base64')
  const event = leaf === undefined ? undefined : decodeEvent(leaf)
  if (file === undefined || leaf === undefined || event === undefined) return { kind: 'refused', reason: 'malformed' }
  if (event.commitment === undefined) return { kind: 'refused', reason: 'no-commitment' }
  const computed = Buffer.from(commitmentTo(file.detail, Buffer.from(file.salt, 'hex')), 'hex')
  const isSame = timingSafeEqual(computed, Buffer.from(event.commitment, 'hex'))
  if (!isSame) return { kind: 'refused', reason: 'detail-mismatch' }
  return { kind: 'verified', file, leaf }
}

/** Reads a detail file; `undefined` when it is not one. */
export function parseDetailFile(text: string): DetailFile | undefined {
  try {
    const parsed = detailFile.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
