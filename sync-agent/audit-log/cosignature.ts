import { type KeyObject, sign, verify } from 'node:crypto'
import type { NoteSignature, NoteSigner, NoteVerifier } from './note.ts'
import { importPublicKey, keyIdOf, rawPublicKey, SIGNATURE_TYPE, type VerifierKey } from './note-key.ts'

const TIMESTAMP_BYTES = 8
const ED25519_SIGNATURE_BYTES = 64

/**
 * Cosigns checkpoint texts as a witness at one instant (C2SP tlog-cosignature, Ed25519).
 * @param nowSeconds POSIX time of the observation.
 */
export function createCosigner(name: string, privateKey: KeyObject, nowSeconds: number): NoteSigner {
  const timestamp = Math.floor(nowSeconds)
  const key: VerifierKey = { name, type: SIGNATURE_TYPE.cosignature, publicKey: rawPublicKey(privateKey) }
  return {
    name,
    keyId: keyIdOf(key),
    sign(text) {
      const time = Buffer.alloc(TIMESTAMP_BYTES)
      time.writeBigUInt64BE(BigInt(timestamp))
      return Buffer.concat([time, sign(null, cosignedMessage(timestamp, text), privateKey)])
    },
  }
}

/** Checks cosignatures of one witness. */
export function createCosignatureVerifier(key: VerifierKey): NoteVerifier {
  const publicKey = importPublicKey(key.publicKey)
  return {
    name: key.name,
    keyId: keyIdOf(key),
    verify(text, signature) {
      const timestamp = timestampOf(signature)
      if (timestamp === undefined) return false
      return verify(null, cosignedMessage(timestamp, text), publicKey, signature.subarray(TIMESTAMP_BYTES))
    },
  }
}

/** When a cosignature line was made, in POSIX seconds; `undefined` when its shape is not that of a cosignature. */
export function cosignatureTime(line: NoteSignature): number | undefined {
  return timestampOf(line.signature)
}

function timestampOf(signature: Uint8Array): number | undefined {
  if (signature.length !== TIMESTAMP_BYTES + ED25519_SIGNATURE_BYTES) return undefined
  const value = Number(Buffer.from(signature.subarray(0, TIMESTAMP_BYTES)).readBigUInt64BE())
  return Number.isSafeInteger(value) ? value : undefined
}

function cosignedMessage(timestamp: number, text: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timestamp}\n${text}`)
}
