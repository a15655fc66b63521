import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encodeVerifierKey, SIGNATURE_TYPE, verifierKeyOf } from './note-key.ts'
import { parsePolicy } from './policy.ts'

const vkey = (name: string, type: 1 | 4): string =>
  encodeVerifierKey(verifierKeyOf(name, generateKeyPairSync('ed25519').privateKey, type))
const LOG = `log ${vkey('leadglass/box-01/audit', SIGNATURE_TYPE.ed25519)}`
const witness = (name: string): string => `witness ${name} ${vkey(`w/${name}`, SIGNATURE_TYPE.cosignature)}`

const met = (text: string, ...by: string[]): boolean => {
  const parsed = parsePolicy(text)
  if (parsed.kind === 'refused') throw new Error(parsed.reason)
  return parsed.policy.isMet(by.map((name) => `w/${name}`))
}

describe('a policy of witnesses', () => {
  const three = [LOG, witness('hub'), `${witness('hospital')} https://witness.example/log`, witness('regulator')]

  it('counts groups, and groups of groups', () => {
    const text = [
      ...three,
      '# two of ours',
      'group ours all hub hospital',
      'group top any ours regulator',
      '',
      'quorum top',
    ]
    expect(met(text.join('\n'), 'hub', 'hospital')).toBe(true)
    expect(met(text.join('\n'), 'regulator')).toBe(true)
    expect(met(text.join('\n'), 'hub')).toBe(false)
    expect(met([...three, 'group two 2 hub hospital regulator', 'quorum two'].join('\n'), 'hub', 'regulator')).toBe(
      true,
    )
    expect(met([...three, 'group two 2 hub hospital regulator', 'quorum two'].join('\n'), 'hub', 'hub')).toBe(false)
    expect(met([...three, 'quorum hub'].join('\n'), 'hub')).toBe(true)
    expect(met([LOG, 'quorum none'].join('\n'))).toBe(true)
  })

  it.each([
    [1, ['follow me']],
    [1, ['log nonsense', 'quorum none']],
    [2, [LOG, 'quorum nobody']],
    [3, [LOG, witness('a'), 'group g 2 a', 'quorum g']],
    [3, [LOG, witness('a'), 'group g any a a', 'quorum g']],
    [4, [LOG, witness('a'), 'group g any a', 'group h any a', 'quorum g']],
    [3, [LOG, witness('a'), 'witness a nonsense']],
    [3, [LOG, 'quorum none', 'quorum none']],
    [1, ['quorum none']],
    [1, [LOG]],
    [2, [LOG, `witness none ${vkey('w/none', SIGNATURE_TYPE.cosignature)}`]],
    [1, [`log ${vkey('x', SIGNATURE_TYPE.cosignature)}`, 'quorum none']],
  ])('names line %i as wrong', (line, lines) => {
    expect(parsePolicy(lines.join('\n'))).toMatchObject({ kind: 'refused', line })
  })

  it('does not take one key for two witnesses', () => {
    const key = vkey('w/a', SIGNATURE_TYPE.cosignature)
    expect(parsePolicy([LOG, `witness a ${key}`, `witness b ${key}`].join('\n'))).toMatchObject({
      kind: 'refused',
      line: 3,
    })
  })
})
