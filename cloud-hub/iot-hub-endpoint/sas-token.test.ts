import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifySas } from './sas-token.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const OTHER = Buffer.alloc(32, 8).toString('base64')
const NOW = Date.parse('2026-11-22T12:00:00Z')
const RESOURCE = 'hub.test/devices/test-box'
const LATER = NOW / 1000 + 60

function sign(key: string, resource: string, expiry: number | string): string {
  const sr = encodeURIComponent(resource)
  const sig = createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${expiry}`).digest('base64')
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${expiry}`
}

describe('a shared access signature', () => {
  it('is valid under either key of the device, until it ends', () => {
    for (const key of [KEY, OTHER]) {
      const verdict = verifySas(sign(key, RESOURCE, LATER), RESOURCE, [KEY, OTHER], NOW)
      expect(verdict).toEqual({ kind: 'valid', expiresAtMs: LATER * 1000 })
    }
    const token = sign(KEY, RESOURCE, LATER)
    expect(verifySas(token, RESOURCE, [KEY], LATER * 1000)).toEqual({ kind: 'refused', code: 'expired' })
    expect(verifySas(sign(KEY, 'HUB.test/devices/test-box', LATER), RESOURCE, [KEY], NOW).kind).toBe('valid')
  })

  it.each([
    ['another key', sign(OTHER, RESOURCE, LATER), 'bad-signature'],
    ['another device', sign(KEY, 'hub.test/devices/other-box', LATER), 'foreign-resource'],
    ['another hub', sign(KEY, 'hub2.test/devices/test-box', LATER), 'foreign-resource'],
    ['the whole hub', sign(KEY, 'hub.test', LATER), 'foreign-resource'],
    ['an expiry that was changed', sign(KEY, RESOURCE, LATER).replace(/se=\d+/, 'se=9999999999'), 'bad-signature'],
    ['a policy', `${sign(KEY, RESOURCE, LATER)}&skn=device`, 'policy-key'],
    ['a field twice', `${sign(KEY, RESOURCE, LATER)}&se=1`, 'malformed'],
    ['an unknown field', `${sign(KEY, RESOURCE, LATER)}&x=1`, 'malformed'],
    ['no field', 'SharedAccessSignature ', 'malformed'],
    ['no prefix', 'sr=a&sig=b&se=1', 'malformed'],
    ['a negative expiry', sign(KEY, RESOURCE, '-1'), 'malformed'],
    ['an endless expiry', sign(KEY, RESOURCE, '1e99'), 'malformed'],
    ['broken escapes', 'SharedAccessSignature sr=%E0%A4&sig=%ZZ&se=1', 'malformed'],
    ['a signature of another length', 'SharedAccessSignature sr=a&sig=AAAA&se=1', 'malformed'],
    ['kilobytes', `SharedAccessSignature sr=${'a'.repeat(5000)}&sig=b&se=1`, 'malformed'],
  ])('is refused for %s', (_name, token, code) => {
    expect(verifySas(token, RESOURCE, [KEY], NOW)).toEqual({ kind: 'refused', code })
  })

  it('opens nothing for a device without a usable key', () => {
    const empty = sign('', RESOURCE, LATER)
    for (const keys of [[], [''], ['AA==']]) {
      expect(verifySas(empty, RESOURCE, keys, NOW)).toEqual({ kind: 'refused', code: 'bad-signature' })
      expect(verifySas(sign('AA==', RESOURCE, LATER), RESOURCE, keys, NOW).kind).toBe('refused')
    }
  })

  it('never throws and never passes, whatever text comes', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `SharedAccessSignature ${rest}`),
      fc
        .tuple(fc.string(), fc.string(), fc.string())
        .map(([a, b, c]) => `SharedAccessSignature sr=${a}&sig=${b}&se=${c}`),
    )
    fc.assert(fc.property(text, (token) => verifySas(token, RESOURCE, [KEY], NOW).kind === 'refused'))
  })
})
