import { verify } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createSoftToken,
  type SoftToken,
  TOKEN_LABEL,
  TOKEN_MODULE,
  TOKEN_PIN,
  WITHOUT_TOKEN,
} from '../../installer/testing/soft-token.ts'
import { createTokenKey, knownTokenKey, openTokenKey, readPinFile } from './pkcs11.ts'
import { generateSigningKey } from './sealed-key.ts'
import { ed25519PublicKey, signPrepared, statementBytes, verifyApproval } from './signing.ts'

describe.skipIf(WITHOUT_TOKEN)('a key in a token (SoftHSM through OpenSC)', () => {
  let token: SoftToken

  beforeEach(async () => {
    token = await createSoftToken()
  })
  afterEach(() => token.remove())

  const key = { module: TOKEN_MODULE, token: TOKEN_LABEL, id: '01' }

  it('is made inside, signs as TUF and DSSE want it, and gives nothing away', async () => {
    const signer = await createTokenKey(key, TOKEN_PIN, 'approver key')
    const subject = { version: 1, signedBytes: Buffer.from('{"_type":"targets"}'), releases: [] }
    const person = { person: 'clinical-approver', printedName: 'Clinical Approver', role: 'clinical' } as const
    const payload = statementBytes(person, subject, 'approval', Date.parse('2026-11-22T12:00:00Z'))
    const approval = await signPrepared(signer, subject.signedBytes, payload)
    expect(verifyApproval(approval, subject, signer.publicKey)?.predicate.meaning).toBe('approval')
    const data = Buffer.from('anything')
    expect(verify(undefined, data, ed25519PublicKey(signer.publicKey), await signer.sign(data))).toBe(true)
    expect(token.privateKeys()).toMatch(/always sensitive, never extractable/)
    expect((await openTokenKey(key, TOKEN_PIN)).keyid).toBe(signer.keyid)
  })

  it('says what is wrong: the PIN, the token, the key', async () => {
    await createTokenKey(key, TOKEN_PIN, 'approver key')
    const signer = await openTokenKey(key, '999999')
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'pin-refused' })
    await expect(openTokenKey({ ...key, id: '7f' }, TOKEN_PIN)).rejects.toMatchObject({ code: 'key-not-found' })
    await expect(openTokenKey({ ...key, token: 'another' }, TOKEN_PIN)).rejects.toMatchObject({ code: 'key-not-found' })
    await expect(openTokenKey({ ...key, id: '01; ls' }, TOKEN_PIN)).rejects.toThrow()
    await expect(openTokenKey({ ...key, module: '/nowhere.so' }, TOKEN_PIN)).rejects.toMatchObject({
      name: 'TokenError',
    })
  })

  it('does not try a refused PIN again, which would lock the token', async () => {
    const { publicKey } = await createTokenKey(key, TOKEN_PIN, 'approver key')
    let pin = '999999'
    const signer = knownTokenKey(key, publicKey, async () => pin)
    // Far more often than any token allows.
    for (let i = 0; i < 12; i += 1) {
      await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'pin-refused' })
    }
    pin = TOKEN_PIN
    expect(await signer.sign(Buffer.from('x'))).toHaveLength(64)
  })

  it('refuses what another key in the place of the expected one signed', async () => {
    await createTokenKey(key, TOKEN_PIN, 'another key')
    const signer = knownTokenKey(key, generateSigningKey().publicKey, async () => TOKEN_PIN)
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'other-key' })
  })

  it('takes a PIN only from a file that nobody else may read', async () => {
    const file = join(token.folder, 'pin')
    await writeFile(file, `${TOKEN_PIN}\n`, { mode: 0o600 })
    expect(await readPinFile(file)).toBe(TOKEN_PIN)
    await chmod(file, 0o640)
    await expect(readPinFile(file)).rejects.toMatchObject({ code: 'pin-file-unusable' })
    await expect(readPinFile(join(token.folder, 'none'))).rejects.toMatchObject({ code: 'pin-file-unusable' })
  })
})
