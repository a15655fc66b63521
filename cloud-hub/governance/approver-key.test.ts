import { verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createApproverKey, openApproverKey, readApproverKeyFile } from './approver-key.ts'
import { ed25519PublicKey } from './signing.ts'

const COST = { n: 2 ** 14, r: 8, p: 1 } as const
const IDENTITY = { person: 'clinical-approver', role: 'clinical', printedName: 'Clinical Approver' } as const
const PASSPHRASE = 'correct horse battery'

const file = await createApproverKey({ ...IDENTITY, passphrase: PASSPHRASE, cost: COST })

describe('an approver key file', () => {
  it('opens with its passphrase and signs as the public key says', async () => {
    const key = await openApproverKey(JSON.parse(JSON.stringify(file)), PASSPHRASE)
    const data = Buffer.from('data')
    expect(verify(undefined, data, ed25519PublicKey(file.publicKey), key.sign(data))).toBe(true)
    expect(key.printedName).toBe('Clinical Approver')
  })

  it('opens with the same passphrase in another Unicode form', async () => {
    const composed = await createApproverKey({ ...IDENTITY, passphrase: 'Schlüsselwörter', cost: COST })
    const key = await openApproverKey(composed, 'Schlüsselwörter'.normalize('NFD'))
    expect(key.keyid).toBe(composed.keyid)
  })

  it('holds neither passphrase nor private key in the clear', async () => {
    const text = JSON.stringify(file)
    expect(text).not.toContain(PASSPHRASE)
    expect(Object.keys(file.privateKey).sort()).toEqual(['cipher', 'ciphertext', 'kdf'])
  })

  it.each(['wrong horse battery', '', `${PASSPHRASE} `])(
    'does not open with the passphrase "%s"',
    async (passphrase) => {
      await expect(openApproverKey(file, passphrase)).rejects.toMatchObject({
        code: 'wrong-passphrase',
        failureClass: 'permanent',
      })
    },
  )

  it.each([
    ['person', { person: 'somebody-else' }],
    ['role', { role: 'technical' }],
    ['printed name', { printedName: 'Somebody Else' }],
  ])('does not open when the %s beside the key was exchanged', async (_name, change) => {
    await expect(openApproverKey({ ...file, ...change }, PASSPHRASE)).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
  })

  it('does not open when the public key was exchanged', async () => {
    const other = await createApproverKey({ ...IDENTITY, passphrase: PASSPHRASE, cost: COST })
    const { keyid, publicKey } = other
    await expect(openApproverKey({ ...file, publicKey }, PASSPHRASE)).rejects.toMatchObject({
      code: 'key-file-damaged',
    })
    await expect(openApproverKey({ ...file, publicKey, keyid }, PASSPHRASE)).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
  })

  it.each([
    ['a cost that would weaken it', { n: 2 ** 10 }],
    ['a cost that would exhaust the host', { n: 2 ** 30 }],
    ['another r', { r: 1 }],
  ])('is refused with %s', (_name, change) => {
    const kdf = { ...file.privateKey.kdf, ...change }
    expect(() => readApproverKeyFile({ ...file, privateKey: { ...file.privateKey, kdf } })).toThrow(/key file/)
  })

  it.each([null, 7, {}, [], 'text'])('is refused when it holds %j', (content) => {
    expect(() => readApproverKeyFile(content)).toThrow(/key file/)
  })

  it('is not made with a short passphrase', async () => {
    await expect(createApproverKey({ ...IDENTITY, passphrase: 'short', cost: COST })).rejects.toMatchObject({
      code: 'passphrase-too-short',
    })
  })

  it('says nothing of the passphrase when it fails', async () => {
    const failure = await openApproverKey(file, 'another long passphrase').then(
      () => 'opened',
      (error: unknown) => (error instanceof Error ? `${error.message} ${error.stack}` : 'no error'),
    )
    expect(failure).toContain('KeyFileError')
    expect(failure).not.toContain('another long')
  })
})
