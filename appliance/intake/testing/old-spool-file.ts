import { createCipheriv, hkdfSync } from 'node:crypto'

const CHUNK_BYTES = 65_536

/** A spool file as releases before the keys of studies wrote it. */
export function oldSpoolFile(plain: Uint8Array, spoolKey: Uint8Array): Buffer {
  const salt = Buffer.alloc(32, 8)
  const key = Buffer.from(hkdfSync('sha256', spoolKey, salt, 'leadglass spool file', 32))
  const seal = (bytes: Uint8Array, number: number, end: 0 | 1): Buffer => {
    const nonce = Buffer.alloc(12)
    nonce.writeUIntBE(number, 5, 6)
    nonce[11] = end
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
  const sealed: Buffer[] = []
  for (let at = 0; at < plain.length; at += CHUNK_BYTES)
    sealed.push(seal(plain.subarray(at, at + CHUNK_BYTES), sealed.length, 0))
  return Buffer.concat([Buffer.from('LGSPOOL1'), salt, ...sealed, seal(Buffer.alloc(0), sealed.length, 1)])
}
