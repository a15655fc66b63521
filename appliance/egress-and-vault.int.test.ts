import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wrapRadiograph } from '@leadglass/models'
import { heldBatchList, heldDecision, studyDetail, studyEgress, studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialiseAppliance, type LocalVault, openLocalVault } from './commands.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { sendObjects } from './testing/send-objects.ts'

/** The rank of the features stream in the names of batch files. */
const FEATURES_FILE = /^\d{7}-3-/

/** A study of one radiograph, all of one patient. */
function radiograph(study: string): Uint8Array {
  return wrapRadiograph(
    { rows: 64, columns: 64, bitsStored: 8, values: Uint8Array.from({ length: 4096 }, (_, at) => (at * 7) % 251) },
    {
      studySeed: study,
      seriesNumber: 1,
      instanceNumber: 1,
      patientId: 'ID-7',
      patientName: 'PHANTOM^ALPHA',
      patientBirthDate: '19450508',
      patientSex: 'M',
      patientAgeYears: 80,
      view: 'PA',
      spacing: [1, 1],
      studyDate: '20260105',
      studyTime: '080000',
      accessionNumber: `ACC-${study}`,
      studyDescription: 'CHEST',
      seriesDescription: 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: 'NO',
    },
  )
}

describe('hold, vault and generations in the running appliance', () => {
  let root: string
  let appliance: ApplianceProcess

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-egress-'))
    appliance = new ApplianceProcess(root)
    const { dataFolder, device } = appliance.configuration
    await initialiseAppliance({
      folder: dataFolder,
      device: device as Parameters<typeof initialiseAppliance>[0]['device'],
      accounts: [
        { userName: 'admin', role: 'site-admin', password: 'a long enough password' },
        { userName: 'reader', role: 'radiologist', password: 'a long enough password' },
      ],
    })
    await appliance.writeSettings({ assembly: { quietMs: 300 }, egress: { hold: true } })
    await appliance.start()
  }, 60_000)
  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  const outbox = async (): Promise<string[]> => readdir(join(appliance.configuration.exchangeFolder, 'outbox'))
  const holder = (vault: LocalVault, account: string) => ({
    person: vault.personOf(account),
    passphrase: `passphrase of the ${account}`,
  })
  const both = (vault: LocalVault) => ({
    first: holder(vault, 'admin'),
    second: { person: vault.personOf('reader'), passphrase: async () => 'passphrase of the reader' },
  })
  const withVault = async <T>(work: (vault: LocalVault) => Promise<T>): Promise<T> => {
    const vault = await openLocalVault(join(root, 'config.json'))
    try {
      return await work(vault)
    } finally {
      vault.close()
    }
  }

  /** Sends a study and waits until the appliance is done with it. @returns its pseudonym. */
  async function send(study: string): Promise<string> {
    const results: string[] = []
    await sendObjects(appliance.dimsePort, [radiograph(study)], (_at, _uid, result) => results.push(result.kind))
    expect(results).toEqual(['accepted'])
    const done = await eventually(async () => {
      const { studies } = await appliance.get('/api/studies', studyList)
      return studies.find((one) => one.accessionNumber === `ACC-${study}` && one.state === 'not-scored')
    }, `study ${study}`)
    return done.study
  }

  async function release(study: string): Promise<void> {
    const { batches } = await appliance.get('/api/egress/held', heldBatchList)
    const batch = batches.find((one) => one.study === study && one.state === 'waiting')
    if (batch === undefined) throw new Error('nothing waits')
    const response = await appliance.fetch(`/api/egress/held/${batch.batch}/release`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ digest: batch.digest }),
    })
    expect(heldDecision.parse(await response.json())).toEqual({ envelopes: 1 })
  }

  it('walks from the hold over the vault to another generation', async () => {
    await withVault((vault) => vault.ceremony.enrol([holder(vault, 'admin'), holder(vault, 'reader')]))

    const first = await send('one')
    expect((await outbox()).some((name) => FEATURES_FILE.test(name))).toBe(false)
    await release(first)
    await eventually(async () => (await outbox()).find((name) => FEATURES_FILE.test(name)), 'the released batch')

    const opened = await withVault((vault) => vault.ceremony.open(first, 'a question of the hub', both(vault)))
    expect(opened.patient).toMatchObject({ kind: 'patient', id: 'ID-7' })

    expect(await withVault((vault) => vault.rotate('admin', both(vault), 'a drill'))).toBe(2)
    expect(await appliance.stop()).toBe(0)
    await appliance.start()
    const second = await send('two')
    await release(second)
    const patients = await Promise.all(
      [first, second].map(
        async (study) => (await appliance.get(`/api/studies/${study}`, studyDetail)).patientPseudonym,
      ),
    )
    expect(new Set(patients).size).toBe(2)
    const { envelopes } = await appliance.get(`/api/egress/studies/${second}`, studyEgress)
    expect(envelopes.map((one) => (one.body as { generation?: number }).generation)).toEqual([2])

    const label = { finding: 'pneumonia', value: 'absent', blind: true }
    await appliance.fetch(`/api/studies/${first}/label`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(label),
    })
    const old = await appliance.get(`/api/egress/studies/${first}`, studyEgress)
    expect(old.withheld).toEqual({ 'study-label': 1 })
    expect(old.fields.find((field) => field.before === 'PHANTOM^ALPHA')?.after).toBeNull()

    const status = await withVault(async (vault) => vault.status(5))
    expect(status).toMatchObject({ enrolled: true, entries: 4, erased: 0, verdict: { kind: 'sound' } })
    expect(status.openings).toHaveLength(1)
  }, 120_000)
})
