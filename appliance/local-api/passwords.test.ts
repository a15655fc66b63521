import { describe, expect, it } from 'vitest'
import { hashPassword, verifyNobody, verifyPassword } from './passwords.ts'

describe('passwords', () => {
  it('verify against their own hash and no other', { timeout: 30_000 }, async () => {
    const stored = await hashPassword('correct horse', 1024)
    expect(await verifyPassword('correct horse', stored)).toBe(true)
    expect(await verifyPassword('correct horsf', stored)).toBe(false)
    expect(await hashPassword('correct horse', 1024)).not.toBe(stored)
    // One word in two ways of writing the same letters is one password.
    expect(await verifyPassword('é', await hashPassword('é', 1024))).toBe(true)
    expect(await verifyNobody('anything')).toBe(false)
  })

  it.each(['', 'plain', 'scrypt$1024$8$1$c2FsdA', 'scrypt$99999999$8$1$c2FsdA$aGFzaA', 'bcrypt$1$2$3$4$5'])(
    'refuse the stored value %j',
    async (stored) => {
      expect(await verifyPassword('x', stored)).toBe(false)
    },
  )
})
