/**
 * Sharing of a secret among people so that any two of them have it and one alone knows nothing of it (Shamir 1979,
 * threshold 2, over GF(2^8) with the polynomial of AES, FIPS 197 4.2): share x of byte s is s + a * x.
 */

/** One person's share. `number` is where the line is evaluated, 1 to 255. */
export interface Share {
  readonly number: number
  readonly bytes: Uint8Array
}

/** The line through a secret: its value at 0, and its slope. */
export interface SharedSecret {
  readonly secret: Uint8Array
  readonly slope: Uint8Array
}

/** The share with a number. @throws {RangeError} when the number is not within 1 to 255. */
export function shareOf({ secret, slope }: SharedSecret, number: number): Share {
  if (!Number.isInteger(number) || number < 1 || number > 255) throw new RangeError('a share has a number of 1 to 255')
  return { number, bytes: Uint8Array.from(secret, (byte, i) => byte ^ multiply(slope[i] ?? 0, number)) }
}

/** The line through two shares. Two shares of different secrets give a third one: the caller checks what it got. */
export function combineShares(a: Share, b: Share): SharedSecret {
  const apart = a.number ^ b.number
  if (apart === 0 || a.bytes.length !== b.bytes.length) throw new RangeError('two different shares of one length')
  const inverse = inverseOf(apart)
  const slope = Uint8Array.from(a.bytes, (byte, i) => multiply(byte ^ (b.bytes[i] ?? 0), inverse))
  const secret = Uint8Array.from(a.bytes, (byte, i) => byte ^ multiply(slope[i] ?? 0, a.number))
  return { secret, slope }
}

/** Product in GF(2^8). Constant in time: no branch and no table depends on the operands. */
function multiply(a: number, b: number): number {
  let product = 0
  let left = a
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= left & -((b >> bit) & 1)
    left = ((left << 1) ^ (0x11b & -(left >> 7))) & 0x1ff
  }
  return product & 0xff
}

/** a^254, which is 1/a. */
function inverseOf(a: number): number {
  let result = 1
  for (let i = 0; i < 254; i += 1) result = multiply(result, a)
  return result
}
