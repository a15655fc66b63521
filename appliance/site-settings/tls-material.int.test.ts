import { copyFileSync, rmSync } from 'node:fs'
import { phantomDicom } from '@leadglass/models'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester, type InstanceResult, splitPart10 } from '../dimse/index.ts'
import { Authority } from '../dimse/testing/authority.ts'
import { startListener } from '../dimse/testing/listener.ts'
import { DicomSender } from '../results/index.ts'
import { settingsSchema } from '../settings.ts'
import { TlsMaterial } from './tls-material.ts'

describe.skipIf(peer('openssl') === undefined)('results over TLS [needs openssl]', () => {
  let hospital: Authority
  let listener: Awaited<ReturnType<typeof startListener>>
  beforeAll(async () => {
    hospital = new Authority('hospital')
    hospital.sign('pacs', '/O=Hospital/CN=pacs')
    hospital.sign('box', '/O=Hospital/CN=box')
    hospital.sign('other', '/O=Hospital/CN=box-for-pacs')
    listener = await startListener(
      {},
      {
        tls: {
          key: hospital.text('pacs', 'key'),
          certificate: hospital.text('pacs', 'crt'),
          certificateAuthorities: [hospital.certificate],
          requireClientCertificate: true,
        },
      },
    )
  })
  afterAll(async () => {
    await listener.server.stop()
    hospital.remove()
  })

  const files = (name: string) => ({
    keyFile: hospital.path(name, 'key'),
    certificateFile: hospital.path(name, 'crt'),
    authoritiesFile: hospital.path('hospital', 'crt'),
  })

  async function deliver(settings: object): Promise<InstanceResult[]> {
    const parsed = settingsSchema.parse(settings)
    const material = new TlsMaterial({ settings: () => parsed, logger: silentLogger, onChange: () => undefined })
    await material.refresh()
    const sender = new DicomSender(new AssociationRequester(), 'LEADGLASS', (tls) => material.towards(tls))
    const content = Buffer.from(phantomDicom({ seed: 1, index: 1, rows: 64, columns: 64 }).bytes)
    const { sopClassUid, sopInstanceUid } = await splitPart10(async function* () {
      yield content
    })
    const results: InstanceResult[] = []
    const [destination] = parsed.destinations
    if (destination === undefined) throw new Error('the settings name no destination')
    await sender.send(destination, [{ sopClassUid, sopInstanceUid, content }], (_at, result) => results.push(result))
    return results
  }
  const pacs = (tls?: object) => ({
    destinations: [
      { name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: listener.port, ...(tls === undefined ? {} : { tls }) },
    ],
  })

  it('show the certificate of the box, or the one of the destination', async () => {
    expect(await deliver({ ...pacs({}), tls: files('box') })).toMatchObject([{ kind: 'accepted' }])
    expect(listener.storage.accepted.at(-1)?.certificateSubject).toBe('CN=box,O=Hospital')
    expect(await deliver(pacs(files('other')))).toMatchObject([{ kind: 'accepted' }])
    expect(listener.storage.accepted.at(-1)?.certificateSubject).toBe('CN=box-for-pacs,O=Hospital')
  })

  it('wait while a file cannot be read, and never go in plain instead', async () => {
    const plain = await startListener()
    const destination = { name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: plain.port, tls: files('gone') }
    copyFileSync(hospital.path('box', 'crt'), hospital.path('gone', 'crt'))
    rmSync(hospital.path('gone', 'key'), { force: true })
    expect(await deliver({ destinations: [destination] })).toMatchObject([
      { kind: 'not-sent', error: { code: 'tls-not-ready', failureClass: 'transient' } },
    ])
    const [refused] = await deliver({ destinations: [{ ...destination, tls: files('box') }] })
    expect(refused).toMatchObject({ kind: 'not-sent', error: { failureClass: 'transient' } })
    expect(plain.storage.accepted).toEqual([])
    await plain.server.stop()
  })

  it('say in plain words which file is wrong', async () => {
    const problemsOf = async (settings: object): Promise<readonly string[]> => {
      const parsed = settingsSchema.parse(settings)
      const material = new TlsMaterial({ settings: () => parsed, logger: silentLogger, onChange: () => undefined })
      await material.refresh()
      return material.problems()
    }
    const [key] = [hospital.path('box', 'key')]
    expect(await problemsOf({ tls: { ...files('box'), certificateFile: key } })).toEqual([
      `${key} holds no certificate in PEM form`,
    ])
    expect((await problemsOf({ tls: { ...files('box'), keyFile: hospital.path('pacs', 'key') } }))[0]).toContain(
      'not that of',
    )
    expect((await problemsOf({ tls: { ...files('box'), authoritiesFile: '/nonexistent' } }))[0]).toContain('ENOENT')
    expect(await problemsOf({ tls: files('box') })).toEqual([])
  })
})
