import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wrapRadiograph } from '@leadglass/models'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import {
  deviceStatus,
  egressList,
  holdList,
  logExport,
  purgeList,
  retentionPlan,
  ruleHistory,
  rulesInForce,
  simulationView,
  studyDetail,
  studyList,
} from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { initialiseAppliance } from './commands.ts'
import { openRecords } from './records/index.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { activateModels, initialiseBox } from './testing/model-box.ts'
import { sendObjects } from './testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from './testing/update-kit.ts'

const PLANTED = 'PLANTED^SOMEBODY'

/** One radiograph of a study of its own. */
function radiograph(
  study: string,
  change: { readonly view?: 'PA' | 'AP'; readonly description?: string } = {},
): Uint8Array {
  const side = 64
  const values = Uint8Array.from({ length: side * side }, (_, at) => (at * 7) % 251)
  return wrapRadiograph(
    { rows: side, columns: side, bitsStored: 8, values },
    {
      studySeed: study,
      seriesNumber: 1,
      instanceNumber: 1,
      patientId: `ID-${study}`,
      patientName: PLANTED,
      patientBirthDate: '19450508',
      patientSex: 'M',
      patientAgeYears: 80,
      view: change.view ?? 'PA',
      spacing: [1, 1],
      studyDate: '20260105',
      studyTime: '080000',
      accessionNumber: `ACC-${study}`,
      studyDescription: change.description ?? 'CHEST',
      seriesDescription: 'PA',
      imageComments: '',
      institutionName: 'TEST',
      manufacturer: 'TEST',
      modelName: 'TEST',
      burnedInAnnotation: 'NO',
    },
  )
}

const RESEARCH = {
  name: 'research',
  when: { tag: 'StudyDescription', startsWith: 'RESEARCH' },
  do: { processing: 'keep', lane: 'urgent', destinations: ['archive'], reason: 'consent covers the archive only' },
  examples: {
    match: [{ tags: { StudyDescription: 'Research chest' } }],
    noMatch: [{ tags: { StudyDescription: 'CHEST' } }],
  },
}
const HOLD = {
  name: 'ap-views-wait',
  when: { tag: 'ViewPosition', equals: 'AP' },
  do: { processing: 'hold' },
  examples: { match: [{ tags: { ViewPosition: 'AP' } }], noMatch: [{ tags: { ViewPosition: 'PA' } }] },
}
const FILE = { schema: 'leadglass.rules/1', rules: [RESEARCH, HOLD] }

describe('rules and retention in the running appliance', () => {
  let root: string
  let appliance: ApplianceProcess

  const post = (path: string, body: unknown): Promise<Response> =>
    appliance.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const send = async (object: Uint8Array): Promise<void> => {
    const results: string[] = []
    await sendObjects(appliance.dimsePort, [object], (_at, _uid, result) => results.push(result.kind))
    expect(results).toEqual(['accepted'])
  }
  const inState = (search: string, state: string) =>
    eventually(async () => {
      const { studies } = await appliance.get(`/api/studies?search=${search}`, studyList)
      return studies.find((study) => study.state === state)
    }, `${search} ${state}`)
  const settings = {
    assembly: { quietMs: 300 },
    destinations: [{ name: 'archive', aeTitle: 'ARCHIVE', host: '127.0.0.1', port: 1 }],
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-rules-'))
    appliance = new ApplianceProcess(root)
    await initialiseAppliance({
      folder: appliance.configuration.dataFolder,
      device: appliance.configuration.device as Parameters<typeof initialiseAppliance>[0]['device'],
      accounts: [{ userName: 'reader', role: 'radiologist', password: 'a long enough password' }],
      settings,
    })
    await appliance.start()
  })

  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('without rules routes as before, and records what it saw', async () => {
    await send(radiograph('ONE'))
    await send(radiograph('TWO', { description: 'RESEARCH 7' }))
    const { study } = await inState('ID-ONE', 'not-scored')
    await inState('ID-TWO', 'not-scored')
    const detail = await appliance.get(`/api/studies/${study}`, studyDetail)
    expect(detail.summary.reason).toBe('no-active-model')
    expect(detail.revisions[0]?.route).toMatchObject({
      version: null,
      rule: null,
      lane: 'routine',
      processing: 'score',
    })
  })

  it('simulates a rule file over the stored studies and shows exactly the change', async () => {
    const response = await post('/api/rules/simulate', { file: FILE, days: 30 })
    const found = simulationView.parse(await response.json())
    const two = await inState('ID-TWO', 'not-scored')
    expect(found).toMatchObject({ examined: 2, changed: 1, withoutFacts: 0, decidedBy: { research: 1, '': 1 } })
    expect(found.changes).toMatchObject([
      { study: two.study, members: ['lane', 'destinations', 'processing'], after: { rule: 'research' } },
    ])
    expect((await appliance.get('/api/rules', rulesInForce)).version).toBeNull()
  })

  it('refuses a file whose examples fail, and a destination that is not there', async () => {
    const wrong = { ...FILE, rules: [{ ...RESEARCH, do: { destinations: ['nowhere'] } }] }
    expect((await post('/api/rules/activate', { file: wrong, reason: 'trying' })).status).toBe(422)
    const judged = await post('/api/rules/validate', wrong)
    expect(JSON.stringify(await judged.json())).toContain('no destination in the settings')
  })

  it('activates without a restart, with author, reason and difference', async () => {
    expect((await post('/api/rules/activate', { file: FILE, reason: 'ethics vote 12' })).status).toBe(200)
    expect((await post('/api/rules/activate', { file: FILE, reason: 'again' })).status).toBe(409)
    const { versions } = await appliance.get('/api/rules/history', ruleHistory)
    expect(versions).toMatchObject([{ version: 1, author: 'operator', reason: 'ethics vote 12' }])
    expect(versions[0]?.changes.map((change) => `${change.kind} ${change.name}`)).toContain('added research')
  })

  it('routes the next study by the rule, and says which', async () => {
    await send(radiograph('THREE', { description: 'RESEARCH 8' }))
    const three = await inState('ID-THREE', 'not-scored')
    expect(three.reason).toBe('rule.research')
    const detail = await appliance.get(`/api/studies/${three.study}`, studyDetail)
    expect(detail.revisions[0]?.route).toMatchObject({
      version: 1,
      rule: 'research',
      lane: 'urgent',
      destinations: ['archive'],
      processing: 'keep',
    })
    const egress = await appliance.get(`/api/egress?study=${three.study}`, egressList)
    expect(egress.envelopes.map((envelope) => envelope.kind).filter((kind) => kind !== 'audit-leaf')).toEqual([])
  })

  it('holds a study until a person lets it go on, over a restart', async () => {
    await send(radiograph('FOUR', { view: 'AP' }))
    const four = await eventually(async () => {
      const { held } = z
        .object({ held: z.array(z.object({ study: z.string() })) })
        .parse(await (await appliance.fetch('/api/rules/held')).json())
      return held[0]
    }, 'a held study')
    await appliance.kill()
    await appliance.start()
    expect((await inState('ID-FOUR', 'queued')).study).toBe(four.study)
    expect((await post(`/api/studies/${four.study}/release`, {})).status).toBe(200)
    await inState('ID-FOUR', 'not-scored')
    expect((await post(`/api/studies/${four.study}/release`, {})).status).toBe(409)
    const { leaves } = await appliance.get('/api/audit/export', logExport)
    const words = leaves.map((leaf) => decodeEvent(Buffer.from(leaf, 'base64'))?.event)
    for (const word of ['study.routed', 'study.held', 'study.released']) expect(words).toContain(word)
  })

  it('says that its keys lie beside the data', async () => {
    expect((await appliance.get('/api/device', deviceStatus)).keys).toEqual({ placement: 'beside-data' })
  })

  it('removes nothing that the hub has not, then what is due, never what is under a legal hold', async () => {
    await appliance.writeSettings({ ...settings, retention: { rules: [{ name: 'at-once', keepDays: 0 }] } })
    const plan = await eventually(async () => {
      const found = await appliance.get('/api/retention/plan', retentionPlan)
      return found.kept['no-rule'] === undefined && found.dueCount === 0 && found.kept.unacknowledged !== undefined
        ? found
        : undefined
    }, 'a plan by the rule')
    expect(plan.kept.unacknowledged).toBe(4)
    const one = await inState('ID-ONE', 'not-scored')
    const placed = await post('/api/holds', { study: one.study, reason: 'litigation 5' })
    expect(placed.status).toBe(200)
    await acknowledgeAll()
    await eventually(async () => {
      const found = await appliance.get('/api/retention/plan', retentionPlan)
      return found.dueCount === 3 ? found : undefined
    }, 'three studies due')
    expect(await (await post('/api/retention/run', {})).json()).toEqual({
      purged: 3,
      priors: 0,
      quarantined: 0,
      finished: true,
    })
    const { purged } = await appliance.get('/api/retention/purged', purgeList)
    expect(purged.map((row) => [row.rule, row.instances, row.settledAt !== null])).toEqual(
      Array.from({ length: 3 }, () => ['at-once', 1, true]),
    )
    expect((await appliance.get('/api/holds', holdList)).holds).toMatchObject([{ study: one.study, liftedAt: null }])
    expect((await appliance.get('/api/studies?search=ID-ONE', studyList)).studies).toHaveLength(1)
    for (const gone of ['ID-TWO', 'ID-THREE', 'ID-FOUR']) {
      expect((await appliance.get(`/api/studies?search=${gone}`, studyList)).studies).toHaveLength(0)
    }
  })

  it('leaves no planted identity in any file once the last hold is lifted', async () => {
    const [hold] = (await appliance.get('/api/holds', holdList)).holds
    await post(`/api/holds/${hold?.hold ?? 0}/lift`, { reason: 'settled out of court' })
    await acknowledgeAll()
    await eventually(async () => {
      await post('/api/retention/run', {})
      const found = await appliance.get('/api/retention/purged', purgeList)
      return found.purged.length === 4 ? true : undefined
    }, 'the last study purged')
    await appliance.stop()
    const key = Buffer.from((await readFile(appliance.folders.databaseKey, 'utf8')).trim(), 'hex')
    const records = openRecords(appliance.folders.records, key)
    records.database.pragma('journal_mode = DELETE')
    records.database.pragma(`rekey=''`)
    records.close()
    const files = await filesBelow(root)
    expect(files.some((file) => file.endsWith('records.db'))).toBe(true)
    expect(files.filter((file) => /spool.[0-9a-f]{2}.[0-9a-f]{64}\.dcm$/.test(file))).toEqual([])
    for (const file of files) {
      const text = (await readFile(file)).toString('latin1')
      for (const planted of [PLANTED, 'ID-ONE', 'ID-TWO', 'ACC-THREE', '19450508']) {
        expect(text.includes(planted), `${file}: ${planted}`).toBe(false)
      }
    }
  })

  /** What the agent writes when the hub has committed everything. */
  async function acknowledgeAll(): Promise<void> {
    const { streams } = await appliance.get('/api/egress', egressList)
    const inbox = join(appliance.configuration.exchangeFolder, 'inbox')
    await mkdir(inbox, { recursive: true })
    await writeFile(
      join(inbox, 'acknowledged.json'),
      JSON.stringify({
        schema: 'leadglass.acknowledged/1',
        watermarks: streams.map(({ epoch, stream, sealed }) => ({ epoch, stream, sequence: sealed })),
        refused: [],
        cosigned: null,
        at: new Date().toISOString(),
      }),
    )
  }
})

describe('rules and a model', () => {
  let root: string
  let appliance: ApplianceProcess

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-rules-model-'))
    appliance = new ApplianceProcess(root)
    const repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseBox(appliance, repository, {
      assembly: { quietMs: 300 },
      destinations: ['archive', 'emergency'].map((name) => ({ name, aeTitle: 'X', host: '127.0.0.1', port: 1 })),
    })
    await appliance.start()
    await activateModels(appliance, repository)
  })

  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('send results only where the rule says, keep figures at the site, and leave other studies alone', async () => {
    const rule = {
      name: 'emergency-chest',
      when: { all: [{ bodyPart: ['CHEST'] }, { callingAeTitle: ['MODALITY'] }, { tag: 'ViewPosition', equals: 'AP' }] },
      do: { lane: 'stat', models: ['chest-radiograph'], destinations: ['emergency'], profile: 'local-only' },
      examples: {
        match: [{ tags: { BodyPartExamined: 'CHEST', ViewPosition: 'AP' }, callingAeTitle: 'MODALITY' }],
        noMatch: [{ tags: { BodyPartExamined: 'CHEST', ViewPosition: 'AP' }, callingAeTitle: 'OTHER' }],
      },
    }
    const other = {
      name: 'no-model',
      when: { tag: 'StudyDescription', equals: 'PLAIN' },
      do: { models: [] },
      examples: { match: [{ tags: { StudyDescription: 'PLAIN' } }], noMatch: [{ tags: {} }] },
    }
    const activated = await appliance.fetch('/api/rules/activate', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ file: { schema: 'leadglass.rules/1', rules: [rule, other] }, reason: 'emergency first' }),
    })
    expect(activated.status).toBe(200)
    const objects = [
      radiograph('STAT', { view: 'AP' }),
      radiograph('USUAL'),
      radiograph('NONE', { description: 'PLAIN' }),
    ]
    await sendObjects(appliance.dimsePort, objects, () => undefined)
    const of = async (search: string) => {
      const study = await eventually(async () => {
        const { studies } = await appliance.get(`/api/studies?search=${search}`, studyList)
        return studies.find((one) => one.state === 'scored' || one.state === 'not-scored')
      }, search)
      const detail = await appliance.get(`/api/studies/${study.study}`, studyDetail)
      const { envelopes } = await appliance.get(`/api/egress?study=${study.study}`, egressList)
      const kinds = new Set(envelopes.map((envelope) => envelope.kind))
      return { state: study.state, reason: study.reason, detail, kinds }
    }
    const stat = await of('ID-STAT')
    expect(stat.state).toBe('scored')
    expect(stat.detail.deliveries.map((one) => one.destination)).toEqual(['emergency'])
    expect(stat.detail.revisions[0]?.route).toMatchObject({
      rule: 'emergency-chest',
      lane: 'stat',
      profile: 'local-only',
    })
    expect(stat.kinds.has('instance-features')).toBe(false)
    const usual = await of('ID-USUAL')
    expect(usual.detail.deliveries.map((one) => one.destination)).toEqual(['archive', 'emergency'])
    expect(usual.detail.revisions[0]?.route).toMatchObject({ version: 1, rule: null, lane: 'routine' })
    expect(usual.kinds.has('instance-features')).toBe(true)
    expect(await of('ID-NONE')).toMatchObject({ state: 'not-scored', reason: 'rule.no-model' })
  })
})

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  const files: string[] = []
  for (const name of names) if ((await stat(join(folder, name))).isFile()) files.push(join(folder, name))
  return files
}
