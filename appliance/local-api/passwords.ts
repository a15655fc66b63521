import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** scrypt (RFC 7914) with 64 MiB of memory: N 2^16, r 8, p 1. */
const COST = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 } as const
const SALT_BYTES = 16
const HASH_BYTES = 32

/**
 * Hashes a password as `scrypt$N$r$p$salt$hash`, salt and hash in base64url.
 * @param work N; less than the product's own is for tests only.
 */
export async function hashPassword(password: string, work: number = COST.N): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, { ...COST, N: work })
  return ['scrypt', work, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Compares in constant time. False for a stored value that is not understood. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, n, r, p, salt, hash] = stored.split('$')
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, 'base64url')
  const cost = { N: Number(n), r: Number(r), p: Number(p), maxmem: COST.maxmem }
  if (expected.length !== HASH_BYTES || cost.N > COST.N || cost.r > COST.r || cost.p > 4) return false
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64url'), cost), expected)
}

/** Verifies against nothing, taking as long: an unknown account must not answer faster than a wrong password. */
export async function verifyNobody(password: string): Promise<false> {
  await derive(password, Buffer.alloc(SALT_BYTES), COST)
  return false
}

function derive(
  password: string,
  salt: Uint8Array,
  cost: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, cost, (cause, key) => {
      if (cause === null) resolve(key)
      else reject(cause)
    })
  })
}
