import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../../installer/testing/peers.ts'
import { AssociationRequester } from '../requester/requester.ts'
import { nodeAt, openCommitmentDatabase, provider, user } from '../testing/commitment-nodes.ts'
import { freePort } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'
import { CR_IMAGE_STORAGE, instanceUid, outgoing } from '../testing/objects.ts'
import { type Orthanc, startOrthanc } from '../testing/orthanc.ts'

const program = peer('Orthanc')
const made = [1, 2].map((instance) => ({ patient: 1, study: 1, series: 1, instance }))
const references = made.map((one) => ({ sopClassUid: CR_IMAGE_STORAGE, sopInstanceUid: instanceUid(one) }))
const absent = { sopClassUid: CR_IMAGE_STORAGE, sopInstanceUid: '1.2.826.0.1.3680043.9.9.404' }

interface OrthancReport {
  readonly Status: string
  readonly Success: { SOPInstanceUID: string }[]
  readonly Failures: { SOPInstanceUID: string; FailureReason: number }[]
}

describe.skipIf(program === undefined)('storage commitment with Orthanc [needs Orthanc]', () => {
  const scu = user(openCommitmentDatabase(), { limits: { holdOpenMs: 300 } })
  let orthanc: Orthanc
  let listener: Awaited<ReturnType<typeof startListener>>
  let scp: ReturnType<typeof provider>
  beforeAll(async () => {
    const port = await freePort()
    orthanc = await startOrthanc(program ?? '', port)
    scp = provider(
      openCommitmentDatabase(),
      (_, uid) => (references.some(({ sopInstanceUid }) => sopInstanceUid === uid) ? 'held' : 'not-held'),
      ({ aeTitle }) => nodeAt(orthanc.dicomPort, aeTitle),
      { limits: { reportDelayMs: 100 } },
    )
    listener = await startListener({}, { port, services: { commitment: scp, commitmentReports: scu.user } })
    await scp.start()
    await scu.user.start()
    const archive = nodeAt(orthanc.dicomPort, 'ORTHANC')
    const results: string[] = []
    await new AssociationRequester().sendInstances(archive, made.map(outgoing), (_, { kind }) => {
      results.push(kind)
    })
    expect(results).toEqual(['accepted', 'accepted'])
  }, 60_000)
  afterAll(async () => {
    await scu.user.stop()
    await scp.stop()
    await listener.server.stop()
    await orthanc.stop()
  })

  it('Orthanc as SCP commits to what we sent, and says what it does not have', async () => {
    await scu.user.requestCommitment('pacs', nodeAt(orthanc.dicomPort, 'ORTHANC'), [...references, absent])
    await expect.poll(() => scu.settled.length, { timeout: 20_000 }).toBe(1)
    expect(scu.settled[0]).toMatchObject({ destination: 'pacs', how: 'answered' })
    expect(scu.settled[0]?.outcomes).toEqual([
      { kind: 'committed' },
      { kind: 'committed' },
      { kind: 'failed', failureReason: 0x0112 },
    ])
  })

  const ask = async (instances: readonly (readonly [string, string])[]): Promise<OrthancReport> => {
    const started = (await orthanc.post('/modalities/leadglass/storage-commitment', {
      DicomInstances: instances,
      Timeout: 10,
    })) as { ID: string }
    let report: OrthancReport | undefined
    await expect
      .poll(
        async () => {
          report = (await orthanc.get(`/storage-commitment/${started.ID}`)) as OrthancReport
          return report.Status
        },
        { timeout: 20_000 },
      )
      .not.toBe('Pending')
    if (report === undefined) throw new Error('no report')
    return report
  }

  it('Orthanc as SCU gets a report of success on a new association', async () => {
    const report = await ask(references.map(({ sopClassUid, sopInstanceUid }) => [sopClassUid, sopInstanceUid]))
    expect(report.Status).toBe('Success')
    expect(report.Success.map(({ SOPInstanceUID }) => SOPInstanceUID)).toEqual(
      references.map(({ sopInstanceUid }) => sopInstanceUid),
    )
  })

  it('Orthanc as SCU gets the reason for what is not held', async () => {
    const report = await ask([
      [absent.sopClassUid, absent.sopInstanceUid],
      [references[0]?.sopClassUid ?? '', references[0]?.sopInstanceUid ?? ''],
    ])
    expect(report.Status).toBe('Failure')
    expect(report.Failures).toMatchObject([{ SOPInstanceUID: absent.sopInstanceUid, FailureReason: 0x0112 }])
    expect(report.Success).toHaveLength(1)
  })
})
