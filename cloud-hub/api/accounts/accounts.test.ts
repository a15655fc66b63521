import { systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHubCore, type HubCore } from '../../testing/hub-core.ts'
import { Accounts, isToken } from './accounts.ts'
import { hashPassword, verifyPassword } from './password.ts'

describe('passwords', () => {
  it('verify against their own hash and no other, and never hash twice to the same', async () => {
    const hash = await hashPassword('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(await verifyPassword('correct horse', hash)).toBe(true)
    expect(await verifyPassword('correct horse ', hash)).toBe(false)
    expect(await hashPassword('correct horse')).not.toBe(hash)
    expect(await verifyPassword('x', 'not a hash')).toBe(false)
  })
})

describe('accounts', () => {
  let core: HubCore
  let accounts: Accounts

  beforeEach(async () => {
    core = await createHubCore()
    accounts = new Accounts(core.database, core.clock, systemRandomness)
    await accounts.add('mlops', 'mlops', 'a password')
  })
  afterEach(() => core.close())

  it('keep the password of an account that is there already', async () => {
    expect(await accounts.add('mlops', 'auditor', 'another')).toBe(false)
    expect((await accounts.signIn('mlops', 'a password')).role).toBe('mlops')
    await expect(accounts.signIn('mlops', 'another')).rejects.toMatchObject({ code: 'sign-in-refused' })
    await expect(accounts.signIn('nobody', 'a password')).rejects.toMatchObject({ code: 'sign-in-refused' })
  })

  it('are never of the hub itself, so that nobody can sign as the author of what it made', async () => {
    await expect(accounts.add('hub.training', 'clinical-approver', 'a password')).rejects.toThrow(/hub/)
    expect(accounts.has('hub.training')).toBe(false)
  })

  it('end a session after half an hour without use, after twelve hours, and at sign-out', async () => {
    const { token } = await accounts.signIn('mlops', 'a password')
    for (let i = 0; i < 24; i++) {
      core.clock.advance(29 * 60_000)
      expect(accounts.callerOf(token)?.account).toBe('mlops')
    }
    core.clock.advance(29 * 60_000)
    expect(accounts.callerOf(token)).toBeUndefined()
    const second = await accounts.signIn('mlops', 'a password')
    core.clock.advance(31 * 60_000)
    expect(accounts.callerOf(second.token)).toBeUndefined()
    const third = await accounts.signIn('mlops', 'a password')
    accounts.signOut(accounts.callerOf(third.token)?.session ?? '')
    expect(accounts.callerOf(third.token)).toBeUndefined()
    const stored = JSON.stringify(core.database.prepare('SELECT * FROM session').all())
    expect(stored).not.toContain(second.token)
  })

  it('pause after five failures for fifteen minutes', async () => {
    for (let i = 0; i < 5; i++) {
      await expect(accounts.signIn('mlops', 'wrong')).rejects.toMatchObject({ code: 'sign-in-refused' })
    }
    await expect(accounts.signIn('mlops', 'a password')).rejects.toMatchObject({ code: 'sign-in-paused' })
    core.clock.advance(15 * 60_000 + 1)
    expect((await accounts.signIn('mlops', 'a password')).role).toBe('mlops')
  })

  it('answer only so many sign-ins at a time: each costs memory', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => accounts.signIn('nobody', 'x')))
    const codes = outcomes.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : ''))
    expect(codes).toContain('sign-in-paused')
    expect(codes).toContain('sign-in-refused')
  })

  it('know the operator token by its digest', () => {
    expect(isToken('abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')).toBe(true)
    expect(isToken('abd', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')).toBe(false)
  })
})
