import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import { localModelList } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'
import { ApplianceProcess, eventually } from '../testing/appliance-process.ts'
import { activateModels, initialiseBox } from '../testing/model-box.ts'
import { approvedRepository, packageForRelease, SHIPPED_PACKAGE } from '../testing/update-kit.ts'

const NAME = 'chest-radiograph'

/** The shipped package under another version. */
async function laterPackage(folder: string): Promise<string> {
  const copy = join(folder, '1.1.0')
  await cp(SHIPPED_PACKAGE, copy, { recursive: true })
  const path = join(copy, 'manifest.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, JsonValue>
  await writeFile(path, canonicalJson({ ...manifest, version: '1.1.0', releaseCounter: 2 }))
  return copy
}

describe('a version on trial in the real process', () => {
  let root: string
  let appliance: ApplianceProcess
  let repository: FakeRepository
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-rollback-'))
    appliance = new ApplianceProcess(root)
    repository = await approvedRepository(SHIPPED_PACKAGE)
    await initialiseBox(appliance, repository)
    await appliance.writeSettings({ activation: { shadowStudies: 0, trialSeconds: 600 } })
    await appliance.start()
    await activateModels(appliance, repository)
  }, 120_000)
  afterEach(async () => {
    await appliance.kill()
    await rm(root, { recursive: true, force: true })
  })

  const versions = async (): Promise<Record<string, string>> => {
    const { models } = await appliance.get('/api/models', localModelList)
    return Object.fromEntries(models.map(({ model, state }) => [model.version, state]))
  }
  const post = (act: string, body: object): Promise<Response> =>
    appliance.fetch(`/api/models/${NAME}/${act}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('is taken back within 10 s of the next start after a kill -9, and an ordered restart keeps it', {
    timeout: 240_000,
  }, async () => {
    repository.list(await packageForRelease(await laterPackage(root)))
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
    await eventually(async () => ((await versions())['1.1.0'] === 'active' ? true : undefined), '1.1.0 in use')
    await appliance.stop()
    await appliance.start()
    expect((await versions())['1.1.0']).toBe('active')
    await appliance.kill()
    const killed = performance.now()
    await appliance.start()
    expect((await versions())['1.0.0']).toBe('active')
    expect(performance.now() - killed).toBeLessThan(10_000)
    const { models } = await appliance.get('/api/models', localModelList)
    expect(models.filter(({ state }) => state === 'active')).toHaveLength(1)
    expect(models.find(({ model }) => model.version === '1.1.0')?.activation).toMatchObject({
      state: 'waiting',
      attempts: 1,
    })
  })

  it('keeps a local stop through a kill, and asks for a reason both ways', { timeout: 120_000 }, async () => {
    expect((await post('stop', {})).status).toBe(400)
    expect((await post('stop', { reason: 'marks the wrong side' })).status).toBe(200)
    expect((await post('stop', { reason: 'marks the wrong side' })).status).toBe(409)
    await appliance.kill()
    await appliance.start()
    const [stopped] = (await appliance.get('/api/models', localModelList)).models
    expect(stopped?.halted).toMatchObject({ kind: 'stopped-at-site', reason: 'marks the wrong side', by: 'operator' })
    expect((await post('start', { reason: '' })).status).toBe(400)
    expect((await post('start', { reason: 'the fault was found' })).status).toBe(200)
    const [started] = (await appliance.get('/api/models', localModelList)).models
    expect(started?.halted).toBeNull()
  })
})
