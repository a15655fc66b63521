import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CertificateAuthority, certificateEnd } from './certificate-authority.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')
const DAY_MS = 86_400_000

describe('the hub’s certificate authority', () => {
  let folder: string
  let authority: CertificateAuthority

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-ca-'))
    authority = new CertificateAuthority(join(folder, 'ca'), new ManualClock(NOW))
    await authority.initialise()
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is made once, and its key is for its owner alone', async () => {
    const first = await authority.certificatePem()
    await authority.initialise()
    expect(await authority.certificatePem()).toBe(first)
    expect((await stat(join(folder, 'ca', 'ca.key.pem'))).mode & 0o777).toBe(0o600)
    expect(new X509Certificate(first).ca).toBe(true)
  })

  it('names a device, for ninety days, for nothing but being a client', async () => {
    const issued = await authority.issueClient('box-01')
    const certificate = new X509Certificate(issued.certificatePem)
    const root = new X509Certificate(await authority.certificatePem())
    expect(certificate.subject).toBe('CN=box-01')
    expect(certificate.checkIssued(root) && certificate.verify(root.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(certificateEnd(issued.certificatePem) - NOW).toBe(90 * DAY_MS)
    expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW)
  })

  it('vouches for a server under each of its names', async () => {
    const { certificatePem } = await authority.issueServer('broker', ['127.0.0.1', 'localhost', 'hub.example'])
    const certificate = new X509Certificate(certificatePem)
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkHost('hub.example')).toBe('hub.example')
    expect(certificate.checkHost('other.example')).toBeUndefined()
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })

  it('keeps a name with special characters whole', async () => {
    const { certificatePem } = await authority.issueClient('a, CN=box-01')
    expect(new X509Certificate(certificatePem).toLegacyObject().subject.CN).toBe('a, CN=box-01')
  })

  it('says what is missing before it was made', async () => {
    const missing = new CertificateAuthority(join(folder, 'none'), new ManualClock(NOW))
    await expect(missing.issueClient('box-01')).rejects.toMatchObject({ code: 'authority-missing' })
  })
})
