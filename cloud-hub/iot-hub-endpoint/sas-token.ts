import { createHmac, timingSafeEqual } from 'node:crypto'

const PREFIX = 'SharedAccessSignature '
const MAX_TOKEN = 2048
const MAX_FIELD = 1024

/** Why a token is not taken. All of them look the same to whoever sent it. */
export type SasRefusal = 'malformed' | 'policy-key' | 'foreign-resource' | 'bad-signature' | 'expired'

export type SasVerdict =
  | { readonly kind: 'valid'; readonly expiresAtMs: number }
  | { readonly kind: 'refused'; readonly code: SasRefusal }

interface SasFields {
  /** As it was sent: the signature covers the encoded form. */
  readonly resource: string
  readonly signature: Buffer
  readonly expiry: string
  /** `skn`; empty for a device's own key. */
  readonly policy: string
}

/** Whose keys a token may be under: a device's own, or those of the policy that it names. */
export type SasKeys = readonly string[] | ((policy: string) => readonly string[])

/**
 * Checks `SharedAccessSignature sr=…&sig=…&se=…`, where sig is base64 HMAC-SHA256 of `sr + "\n" + se` under the device's
 * key. Every key is tried and compared in constant time, and the clock is asked last.
 * @param resource `{hub name}/devices/{device}`, which the token must name; the hub's name in lower case.
 * @param allowed base64 keys of the device, none for a device that has none; or those of a policy, by its name.
 */
export function verifySas(token: string, resource: string, allowed: SasKeys, nowMs: number): SasVerdict {
  const parsed = parseSas(token)
  if (parsed === 'malformed') return { kind: 'refused', code: parsed }
  const ofPolicy = typeof allowed === 'function'
  // A key of a policy would speak for every device; from devices only their own key is taken.
  if (ofPolicy !== (parsed.policy !== '')) return { kind: 'refused', code: 'policy-key' }
  const keys = ofPolicy ? allowed(parsed.policy) : allowed
  let signed = 0
  for (const key of keys.length === 0 ? [''] : keys) {
    const bytes = Buffer.from(key, 'base64')
    const expected = createHmac('sha256', bytes).update(`${parsed.resource}\n${parsed.expiry}`).digest()
    const usable = bytes.length >= 16
    signed |= Number(timingSafeEqual(expected, parsed.signature)) & Number(usable)
  }
  if (signed === 0) return { kind: 'refused', code: 'bad-signature' }
  if (decode(parsed.resource)?.toLowerCase() !== resource.toLowerCase()) {
    return { kind: 'refused', code: 'foreign-resource' }
  }
  const expiresAtMs = Number(parsed.expiry) * 1000
  return expiresAtMs > nowMs ? { kind: 'valid', expiresAtMs } : { kind: 'refused', code: 'expired' }
}

function parseSas(token: string): SasFields | 'malformed' {
  if (token.length > MAX_TOKEN || !token.startsWith(PREFIX)) return 'malformed'
  const fields = new Map<string, string>()
  for (const part of token.slice(PREFIX.length).split('&')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, equals)
    const value = part.slice(equals + 1)
    const known = equals > 0 && ['sr', 'sig', 'se', 'skn'].includes(name)
    if (!known || fields.has(name) || value.length > MAX_FIELD || /[^\x21-\x7e]/.test(value)) return 'malformed'
    fields.set(name, value)
  }
  const resource = fields.get('sr')
  const expiry = fields.get('se')
  const text = decode(fields.get('sig') ?? '')
  if (resource === undefined || expiry === undefined || text === undefined || !/^[1-9]\d{0,11}$/.test(expiry)) {
    return 'malformed'
  }
  const signature = Buffer.from(text, 'base64')
  if (signature.length !== 32 || signature.toString('base64') !== text) return 'malformed'
  return { resource, signature, expiry, policy: decode(fields.get('skn') ?? '') ?? '' }
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
