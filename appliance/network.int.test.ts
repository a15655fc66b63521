import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { COMMITMENT_SCHEMA_SQL } from './dimse/commitment/schema.ts'
import { AssociationRequester, CommitmentUser, SqliteCommitmentStore, splitPart10 } from './dimse/index.ts'
import { ApplianceProcess } from './testing/appliance-process.ts'

/** Patient ID and Study Instance UID are asked for, nothing is matched. */
const STUDY_LEVEL = { 1048608: '', 2097165: '' }

describe('the services beside storage, on the real DICOM port', () => {
  let root: string
  let appliance: ApplianceProcess
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-network-'))
    appliance = new ApplianceProcess(root)
    await appliance.writeSettings({
      callers: [{ aeTitle: 'VIEWER', addresses: ['127.0.0.1'], mayQuery: true }],
    })
    await appliance.start()
  })
  afterEach(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  const to = (callingAeTitle: string) => ({
    host: '127.0.0.1',
    port: appliance.dimsePort,
    calledAeTitle: 'LEADGLASS',
    callingAeTitle,
  })

  async function store(): Promise<{ sopClassUid: string; sopInstanceUid: string }> {
    const { bytes } = phantomDicom({ seed: 3, index: 1, rows: 64, columns: 64 })
    const instance = await splitPart10(async function* () {
      yield bytes
    })
    const results: string[] = []
    await new AssociationRequester().sendInstances(to('MODALITY'), [instance], (_, result) => {
      results.push(result.kind)
    })
    expect(results).toEqual(['accepted'])
    return instance
  }

  it('commits to what is on disk, and says what is not', async () => {
    const { sopClassUid, sopInstanceUid } = await store()
    const database = openDatabase({
      path: join(root, 'modality.db'),
      migrations: [{ number: 1, name: 'commitment', sql: COMMITMENT_SCHEMA_SQL }],
    })
    const settled: unknown[] = []
    const user = new CommitmentUser({
      store: new SqliteCommitmentStore(database),
      requester: new AssociationRequester(),
      clock: systemClock,
      randomness: systemRandomness,
      logger: silentLogger,
      onSettled: (request) => {
        settled.push(request)
      },
    })
    await user.start()
    await user.requestCommitment('box', to('MODALITY'), [
      { sopClassUid, sopInstanceUid },
      { sopClassUid, sopInstanceUid: '2.25.1' },
    ])
    await expect.poll(() => settled.length, { timeout: 20_000 }).toBe(1)
    const [answer] = settled
    expect(JSON.stringify(answer)).toContain('committed')
    expect(JSON.stringify(answer)).toContain(String(0x0112))
    await user.stop()
    database.close()
  })

  it('answers queries only for callers that may ask', async () => {
    await store()
    const requester = new AssociationRequester()
    const studies: unknown[] = []
    for await (const study of requester.find(to('VIEWER'), 'STUDY', STUDY_LEVEL)) studies.push(study)
    expect(studies).toHaveLength(1)
    await expect(
      (async () => {
        for await (const study of requester.find(to('MODALITY'), 'STUDY', STUDY_LEVEL)) studies.push(study)
      })(),
    ).rejects.toThrow()
    expect(studies).toHaveLength(1)
  })
})
