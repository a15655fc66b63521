import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import {
  type BackfillView,
  backfillList,
  backfillView,
  deliveryList,
  deviceStatus,
  egressList,
  logExport,
  type StudyDetail,
  scoringModels,
  scoringRefusal,
  scoringTokenMade,
  studyDetail,
  studyList,
} from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'
import { activateModels, initialiseBox } from '../testing/model-box.ts'
import { sendObjects } from '../testing/send-objects.ts'
import { approvedRepository, SHIPPED_PACKAGE } from '../testing/update-kit.ts'

const STUDIES = 14
const NAME = 'chest-radiograph'

describe('a backfill over past studies, in the real appliance', () => {
  let root: string
  let appliance: ApplianceProcess
  let repository: FakeRepository

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-backfill-'))
    appliance = new ApplianceProcess(root)
    repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseBox(appliance, repository, {
      assembly: { quietMs: 300 },
      // The kills are of the backfill: three within a trial would end the version, and that has tests of its own.
      activation: { shadowStudies: 0, trialSeconds: 0 },
      // Nobody listens there: what is queued for it stays visible.
      destinations: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: 9 }],
    })
    await appliance.start()
    // Studies of a time in which the box had no model.
    const objects = Array.from({ length: STUDIES }, (_, index) => {
      const studyDate = index < 4 ? '20250301' : '20250401'
      return phantomDicom({ seed: 7, index, studyDate }).bytes
    })
    await sendObjects(appliance.dimsePort, objects, () => undefined)
    await eventually(async () => {
      const { counts } = await appliance.get('/api/studies', studyList)
      return counts['not-scored'] === STUDIES ? true : undefined
    }, 'studies without a model')
    await activateModels(appliance, repository)
  }, 120_000)

  afterAll(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  const post = async (path: string, body: object): Promise<Response> =>
    appliance.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const started = async (body: object): Promise<BackfillView> =>
    backfillView.parse(await (await post('/api/backfills', body)).json())
  const view = (job: number): Promise<BackfillView> => appliance.get(`/api/backfills/${job}`, backfillView)
  const until = (job: number, is: (view: BackfillView) => boolean, what: string): Promise<BackfillView> =>
    eventually(
      async () => {
        const now = await view(job)
        return is(now) ? now : undefined
      },
      what,
      90_000,
    )
  const details = async (): Promise<readonly StudyDetail[]> => {
    const { studies } = await appliance.get('/api/studies?limit=100', studyList)
    return Promise.all(studies.map(({ study }) => appliance.get(`/api/studies/${study}`, studyDetail)))
  }
  const scoresOf = (detail: StudyDetail) => detail.instances.flatMap(({ scores }) => scores)

  it('refuses a model that is not in use, and a window that is none', async () => {
    expect((await post('/api/backfills', { model: 'unknown' })).status).toBe(409)
    expect((await post('/api/backfills', { model: `${NAME}@9.9.9` })).status).toBe(409)
    expect((await post('/api/backfills', { model: NAME, window: 'at night' })).status).toBe(422)
    expect((await post('/api/backfills', { model: NAME, zone: 'Moon/Crater' })).status).toBe(422)
    expect((await appliance.get('/api/backfills', backfillList)).backfills).toEqual([])
  })

  it('waits outside its window', async () => {
    const hour = (new Date().getUTCHours() + 12) % 24
    const two = (value: number): string => String(value).padStart(2, '0')
    const window = `${two(hour)}:00-${two((hour + 1) % 24)}:00`
    const made = await started({ model: NAME, window, zone: 'UTC' })
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(await view(made.job)).toMatchObject({ state: 'running', open: false, done: 0, secondsLeft: null })
    expect((await post(`/api/backfills/${made.job}/state`, { act: 'cancel' })).status).toBe(200)
    expect((await post(`/api/backfills/${made.job}/state`, { act: 'resume' })).status).toBe(409)
  })

  it('takes only studies of its dates and modality', async () => {
    const none = await started({ model: NAME, window: '00:00-00:00', modality: 'CT' })
    expect(none.total).toBe(0)
    const some = await started({ model: NAME, window: '00:00-00:00', to: '20250331', modality: 'DX', deliver: true })
    expect(some.total).toBe(4)
    const end = await until(some.job, ({ state }) => state === 'finished', 'the first four')
    expect(end).toMatchObject({ done: 4, scored: 4, secondsLeft: 0 })
  }, 120_000)

  it('is killed again and again and gives every study one result', async () => {
    const made = await started({ model: NAME, window: '00:00-00:00' })
    let kills = 0
    for (const done of [5, 7, 10]) {
      const before = await until(made.job, (now) => now.done >= done || now.state === 'finished', `${done} studies`)
      if (before.state === 'finished') break
      await appliance.kill()
      kills += 1
      await appliance.start()
      expect((await view(made.job)).done).toBeGreaterThanOrEqual(before.done)
    }
    const end = await until(made.job, ({ state }) => state === 'finished', 'the end')
    expect(kills).toBeGreaterThan(0)
    // The first four were done by the job before.
    expect(end).toMatchObject({ total: STUDIES, done: STUDIES, scored: STUDIES - 4, skipped: 4, failed: 0 })
    for (const detail of await details()) {
      const scores = scoresOf(detail)
      expect(new Set(scores.map(({ code }) => code)).size).toBe(scores.length)
      expect(scores.length).toBeGreaterThan(0)
      for (const score of scores) {
        expect(score.backfill).not.toBeNull()
        expect(score).toMatchObject({ provider: 'cpu', superseded: false })
      }
    }
    // Nothing is left of the work.
    const names = await readdir(appliance.folders.work, { recursive: true })
    expect(names.filter((name) => /backfill|dcm/.test(name))).toEqual([])
    // Reports of the first job alone, which was told to deliver, and one for each of its studies.
    const { deliveries } = await appliance.get('/api/deliveries?limit=100', deliveryList)
    expect(new Set(deliveries.map(({ study }) => study)).size).toBe(4)
    expect(deliveries).toHaveLength(4)
    const { envelopes } = await appliance.get('/api/egress?limit=10000', egressList)
    expect(envelopes.filter(({ kind }) => kind === 'instance-features')).toEqual([])
  }, 240_000)

  it('scores for a program with a token of its own, which opens nothing else', async () => {
    const made = scoringTokenMade.parse(await (await post('/api/scoring/tokens', { name: 'research' })).json())
    expect((await post('/api/scoring/tokens', { name: 'research' })).status).toBe(409)
    const headers = { authorization: `Bearer ${made.token}` }
    const models = await fetch(`${appliance.url}/scoring/v1/models`, { headers })
    expect(scoringModels.parse(await models.json()).models.map(({ model }) => model.name)).toEqual([NAME])
    for (const path of ['/api/studies', '/api/device', '/api/scoring/tokens', '/api/session', '/api/backfills']) {
      expect((await fetch(`${appliance.url}${path}`, { headers })).status, path).toBe(401)
    }
    // The operator's own token is no program's.
    expect((await appliance.fetch('/scoring/v1/models')).status).toBe(401)
    const body = Buffer.from(phantomDicom({ seed: 7, index: 99 }).bytes)
    const type = { ...headers, 'content-type': 'application/dicom' }
    const answer = await fetch(`${appliance.url}/scoring/v1/score?model=${NAME}`, {
      method: 'POST',
      headers: type,
      body,
    })
    expect(scoringRefusal.parse(await answer.json()).error.code).toBe('not-deidentified')
    const { scoring } = await eventually(async () => {
      const device = await appliance.get('/api/device', deviceStatus)
      return device.scoring?.probedAt == null ? undefined : device
    }, 'the probe of the providers')
    expect(scoring?.providers.find(({ provider }) => provider === 'cpu')).toMatchObject({ available: true })
    expect(scoring?.pool.ready).toBeGreaterThan(0)
  }, 60_000)

  it('skips what has a result already, pauses and resumes', async () => {
    const made = await started({ model: `${NAME}@1.0.0`, window: '00:00-00:00', deliver: true })
    const end = await until(made.job, ({ state }) => state === 'finished', 'the end')
    expect(end).toMatchObject({ done: STUDIES, scored: 0, skipped: STUDIES })
    expect((await post(`/api/backfills/${made.job}/state`, { act: 'pause' })).status).toBe(409)
    const { leaves } = await appliance.get('/api/audit/export', logExport)
    const words = leaves.map((leaf) => decodeEvent(Buffer.from(leaf, 'base64'))?.event)
    // Of the earlier jobs, and of the token with which a program asked.
    for (const word of ['backfill.changed', 'study.backfilled', 'scoring-token.changed']) {
      expect(words, word).toContain(word)
    }
  }, 120_000)
})
