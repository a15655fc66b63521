import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { Authority } from '../dimse/testing/authority.ts'
import { nodeAt, openCommitmentDatabase, user } from '../dimse/testing/commitment-nodes.ts'
import { startListener } from '../dimse/testing/listener.ts'
import { ApplianceProcess } from '../testing/appliance-process.ts'

describe.skipIf(peer('openssl') === undefined)('reports of storage commitment over TLS [needs openssl]', () => {
  let root: string
  let hospital: Authority
  let appliance: ApplianceProcess
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-reports-'))
    hospital = new Authority('hospital')
    hospital.sign('modality', '/O=Hospital/CN=modality')
    hospital.sign('box', '/O=Hospital/CN=box')
    appliance = new ApplianceProcess(root)
  })
  afterAll(async () => {
    await appliance.kill()
    hospital.remove()
    await rm(root, { recursive: true, force: true })
  })

  it('go to the port of the caller with the certificate of the box', async () => {
    const database = openCommitmentDatabase()
    // The association of the request is gone before the report is due.
    const asking = user(database, { limits: { holdOpenMs: 1 } })
    const listener = await startListener(
      {},
      {
        services: { commitmentReports: asking.user },
        tls: {
          key: hospital.text('modality', 'key'),
          certificate: hospital.text('modality', 'crt'),
          certificateAuthorities: [hospital.certificate],
          requireClientCertificate: true,
        },
      },
    )
    await appliance.writeSettings({
      callers: [{ aeTitle: 'MODALITY', addresses: ['127.0.0.1'], reportPort: listener.port, reportTls: {} }],
      tls: {
        mode: 'beside',
        port: 0,
        keyFile: hospital.path('box', 'key'),
        certificateFile: hospital.path('box', 'crt'),
        authoritiesFile: hospital.path('hospital', 'crt'),
      },
    })
    await appliance.start()
    await asking.user.start()
    await asking.user.requestCommitment('box', nodeAt(appliance.dimsePort, 'LEADGLASS', 'MODALITY'), [
      { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '2.25.1' },
    ])
    await expect.poll(() => asking.settled.length, { timeout: 20_000 }).toBe(1)
    expect(listener.storage.accepted).toMatchObject([{ tls: true, certificateSubject: 'CN=box,O=Hospital' }])
    await asking.user.stop()
    await listener.server.stop()
    database.close()
  })
})
