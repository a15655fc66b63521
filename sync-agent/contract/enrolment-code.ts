import { createHmac, scryptSync } from 'node:crypto'
import { canonicalJson, type JsonValue } from '../foundation/index.ts'

/** Crockford's base32: no letter that is taken for a digit when a code is read out. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 15 characters carry 75 bits; the sixteenth is a check character. */
const DATA_LENGTH = 15
const CODE_LENGTH = DATA_LENGTH + 1
const DOMAIN = 'leadglass-enrolment/1'

/** TLS exporter label and length with which a proof is bound to the one connection on which it travels (RFC 9266). */
export const CHANNEL_BINDING = { label: 'EXPORTER-Channel-Binding', length: 32 } as const
/** ALPN name (RFC 7301) under which the hub's device port speaks of enrolment instead of MQTT. */
export const ENROLMENT_PROTOCOL = 'leadglass-enrolment/1'

/** What both sides derive from a code. The code itself never travels, and the hub keeps only this. */
export interface CodeSecrets {
  /** Names the invitation; 32 hexadecimal digits. */
  readonly id: string
  /** Key of the proofs, 32 bytes. */
  readonly key: Buffer
}

/** Makes a code of 16 characters from 10 random bytes: `XXXX-XXXX-XXXX-XXXX`. */
export function makeEnrolmentCode(random: Uint8Array): string {
  let bits = BigInt(`0x${Buffer.from(random).toString('hex')}`)
  let data = ''
  for (let i = 0; i < DATA_LENGTH; i++) {
    data += ALPHABET.charAt(Number(bits & 31n))
    bits >>= 5n
  }
  return `${data}${checkCharacter(data)}`.replaceAll(/(.{4})(?=.)/g, '$1-')
}

/**
 * The code as it was meant: case, spaces, hyphens and look-alike letters do not matter.
 * @returns undefined when length, alphabet or check character are wrong: a slip of the hand, found before anything is sent.
 */
export function normaliseEnrolmentCode(typed: string): string | undefined {
  if (typed.length > 64) return undefined
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll(/[IL]/g, '1').replaceAll('O', '0')
  if (code.length !== CODE_LENGTH || ![...code].every((letter) => ALPHABET.includes(letter))) return undefined
  const data = code.slice(0, DATA_LENGTH)
  return checkCharacter(data) === code.charAt(DATA_LENGTH) ? code : undefined
}

/** Derives what both sides need. Slow on purpose (scrypt, RFC 7914): tens of milliseconds. @param code normalised. */
export function enrolmentSecrets(code: string): CodeSecrets {
  const derived = scryptSync(code, DOMAIN, 48, { N: 16_384, r: 8, p: 1 })
  return { id: derived.subarray(0, 16).toString('hex'), key: derived.subarray(16) }
}

/**
 * HMAC-SHA-256 over who speaks, the connection and the message, hexadecimal. Whoever sits between the two ends has two
 * connections with different bindings, and so can pass on neither side's proof.
 * @param binding exported keying material of the TLS connection.
 */
export function enrolmentProof(
  key: Uint8Array,
  speaker: 'device' | 'hub',
  binding: Uint8Array,
  message: JsonValue,
): string {
  const text = [DOMAIN, speaker, Buffer.from(binding).toString('hex'), canonicalJson(message)].join('\n')
  return createHmac('sha256', key).update(text).digest('hex')
}

/** Luhn's sum in base 32: any one wrong character and nearly every exchange of neighbours is found. */
function checkCharacter(data: string): string {
  let sum = 0
  for (let i = data.length - 1, factor = 2; i >= 0; i--, factor = 3 - factor) {
    const addend = ALPHABET.indexOf(data.charAt(i)) * factor
    sum += Math.floor(addend / 32) + (addend % 32)
  }
  return ALPHABET.charAt((32 - (sum % 32)) % 32)
}
