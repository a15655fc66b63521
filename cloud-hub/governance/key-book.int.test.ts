import { systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { KeyBook, type NewSigningKey } from './key-book.ts'
import { generateSigningKey } from './sealed-key.ts'

describe('the code with which a key is confirmed', () => {
  let core: HubCore
  let keys: KeyBook

  beforeEach(async () => {
    core = await createHubCore()
    keys = new KeyBook({ database: core.database, clock: core.clock, randomness: systemRandomness })
  })
  afterEach(() => core.close())

  const key: NewSigningKey = {
    person: 'clinical-approver',
    role: 'clinical',
    printedName: 'Clinical Approver',
    publicKey: generateSigningKey().publicKey,
    kind: 'pkcs11',
  }
  const enrolled = (brought = key): { readonly keyid: string; readonly code: string } => {
    const outcome = keys.enrol(brought)
    if (outcome.kind === 'refused') throw new Error(outcome.reason)
    return outcome
  }
  const other = (code: string): string => (code.startsWith('0') ? `1${code.slice(1)}` : `0${code.slice(1)}`)

  it('is good for nothing after five wrong ones, whoever gave them, also after a start', () => {
    const { keyid, code } = enrolled()
    const people = ['auditor', 'technical-approver', 'mlops', 'auditor']
    for (const person of people) expect(keys.confirm(keyid, person, other(code))).toBe('wrong-code')
    expect(keys.confirm(keyid, 'auditor', other(code))).toBe('code-spent')
    expect(keys.confirm(keyid, 'auditor', code)).toBe('code-spent')
    const restarted = new KeyBook({ database: core.database, clock: core.clock, randomness: systemRandomness })
    expect(restarted.confirm(keyid, 'auditor', code)).toBe('code-spent')
    expect(restarted.find(keyid)?.state).toBe('pending')
  })

  it('is made anew when the owner brings the key again, and the one before ends', () => {
    const first = enrolled()
    for (let i = 0; i < 5; i += 1) keys.confirm(first.keyid, 'auditor', other(first.code))
    const second = enrolled()
    expect(second.keyid).toBe(first.keyid)
    expect(keys.confirm(first.keyid, 'auditor', first.code)).toBe('wrong-code')
    expect(keys.confirm(first.keyid, 'auditor', second.code)).toBeUndefined()
    expect(keys.find(first.keyid)?.state).toBe('active')
  })

  it('ends after fifteen minutes', () => {
    const { keyid, code } = enrolled()
    core.clock.advance(15 * 60_000 + 1)
    expect(keys.confirm(keyid, 'auditor', code)).toBe('wrong-code')
  })

  it('is given for nobody else’s key, another name, a key in use or a revoked one', () => {
    const { keyid, code } = enrolled()
    for (const change of [{ person: 'technical-approver' }, { printedName: 'Another' }, { kind: 'file' as const }]) {
      expect(keys.enrol({ ...key, ...change })).toEqual({ kind: 'refused', reason: 'key-known' })
    }
    expect(keys.confirm(keyid, 'auditor', code)).toBeUndefined()
    expect(keys.enrol(key)).toEqual({ kind: 'refused', reason: 'key-known' })
    keys.revoke(keyid, 'auditor', 'lost')
    expect(keys.enrol(key)).toEqual({ kind: 'refused', reason: 'key-known' })
  })
})
