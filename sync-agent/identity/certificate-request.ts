import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'

/** Object identifiers as DER: commonName (RFC 5280 A.1), ecdsa-with-SHA256 (RFC 5758 3.2). */
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex')

/** DER tags (X.690 8). */
const TAG = { integer: 0x02, bitString: 0x03, utf8String: 0x0c, sequence: 0x30, set: 0x31, attributes: 0xa0 } as const

/** A new P-256 key, PKCS#8 PEM. */
export function generateDeviceKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/**
 * A PKCS#10 request (RFC 2986) for a P-256 key, PEM. It proves that its maker has the key; names in it count for nothing.
 * @param commonName ASCII, shorter than 100 characters.
 */
export function certificateRequest(keyPem: string, commonName: string): string {
  const key = createPrivateKey(keyPem)
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const name = der(TAG.sequence, COMMON_NAME, der(TAG.utf8String, Buffer.from(commonName)))
  const information = der(
    TAG.sequence,
    der(TAG.integer, Buffer.from([0])),
    der(TAG.sequence, der(TAG.set, name)),
    publicKey,
    der(TAG.attributes),
  )
  const signature = sign('sha256', information, key)
  const request = der(
    TAG.sequence,
    information,
    der(TAG.sequence, ECDSA_WITH_SHA256),
    der(TAG.bitString, Buffer.concat([Buffer.from([0]), signature])),
  )
  const lines = request.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n')
}

/** One DER element of definite length (X.690 10.1). */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length = Buffer.from(body.length.toString(16).padStart(body.length < 256 ? 2 : 4, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}
