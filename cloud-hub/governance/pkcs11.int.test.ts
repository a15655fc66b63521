import { spawnSync } from 'node:child_process'
import { verify } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { createTokenKey, openTokenKey } from './pkcs11.ts'
import { ed25519PublicKey, signPrepared, statementBytes, verifyApproval } from './signing.ts'

const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
const UTILITY = peer('softhsm2-util')
const TOOL = peer('pkcs11-tool')
const MISSING = UTILITY === undefined || TOOL === undefined || !existsSync(MODULE)
const PIN = '271828'

describe.skipIf(MISSING)('a key in a token (SoftHSM through OpenSC)', () => {
  let folder = ''
  const before = process.env.SOFTHSM2_CONF

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-softhsm-'))
    await mkdir(join(folder, 'tokens'))
    await writeFile(
      join(folder, 'softhsm2.conf'),
      `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`,
    )
    process.env.SOFTHSM2_CONF = join(folder, 'softhsm2.conf')
    const made = spawnSync(UTILITY ?? '', [
      '--init-token',
      '--free',
      '--label',
      'approver',
      '--so-pin',
      '31415926',
      '--pin',
      PIN,
    ])
    expect(made.status).toBe(0)
  })
  afterEach(async () => {
    if (before === undefined) delete process.env.SOFTHSM2_CONF
    else process.env.SOFTHSM2_CONF = before
    await rm(folder, { recursive: true, force: true })
  })

  const key = { module: MODULE, token: 'approver', id: '01' }

  it('is made inside, signs as TUF and DSSE want it, and gives nothing away', async () => {
    const signer = await createTokenKey(key, PIN, 'approver key')
    const subject = { version: 1, signedBytes: Buffer.from('{"_type":"targets"}'), releases: [] }
    const person = { person: 'clinical-approver', printedName: 'Clinical Approver', role: 'clinical' } as const
    const payload = statementBytes(person, subject, 'approval', Date.parse('2026-11-22T12:00:00Z'))
    const approval = await signPrepared(signer, subject.signedBytes, payload)
    expect(verifyApproval(approval, subject, signer.publicKey)?.predicate.meaning).toBe('approval')
    const data = Buffer.from('anything')
    expect(verify(undefined, data, ed25519PublicKey(signer.publicKey), await signer.sign(data))).toBe(true)
    const listed = spawnSync(
      TOOL ?? '',
      ['--module', MODULE, '--token-label', 'approver', '--login', '--pin', PIN, '--list-objects', '--type', 'privkey'],
      { encoding: 'utf8' },
    )
    expect(listed.stdout).toMatch(/always sensitive, never extractable/)
    expect((await openTokenKey(key, PIN)).keyid).toBe(signer.keyid)
  })

  it('says what is wrong: the PIN, the token, the key', async () => {
    await createTokenKey(key, PIN, 'approver key')
    const signer = await openTokenKey(key, '999999')
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({ code: 'pin-refused' })
    await expect(openTokenKey({ ...key, id: '7f' }, PIN)).rejects.toMatchObject({ code: 'key-not-found' })
    await expect(openTokenKey({ ...key, token: 'another' }, PIN)).rejects.toMatchObject({ code: 'key-not-found' })
    await expect(openTokenKey({ ...key, id: '01; ls' }, PIN)).rejects.toThrow()
    await expect(openTokenKey({ ...key, module: '/nowhere.so' }, PIN)).rejects.toMatchObject({ name: 'TokenError' })
  })
})
