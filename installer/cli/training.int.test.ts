import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { trainingReproduction, trainingRunList, trainingTriggers } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HubWithLabels } from '../../cloud-hub/training/testing/hub-with-labels.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')

describe('leadglass training', () => {
  let root: string
  let site: HubWithLabels

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-training-'))
    const layout = layoutOf(root)
    await mkdir(layout.hub.folder, { recursive: true })
    site = await HubWithLabels.start([], layout.hub.folder)
    await writeInstanceFile(layout, {
      schema: 'leadglass.instance/1',
      device: 'test-box',
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: 1, appliance: 1, hub: site.hub.http, mqtt: 1 },
      createdAt: '2026-11-22T12:00:00Z',
      provisioned: true,
    })
  }, 60_000)
  afterAll(async () => {
    await site.close()
    await rm(root, { recursive: true, force: true })
  })

  const training = async (...args: readonly string[]): Promise<{ readonly status: number; readonly said: string }> => {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'training', ...args, '--data', root])
      return { status: 0, said: stdout }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { status: code, said: `${stdout}${stderr}` }
    }
  }

  it('declares a trigger, lists the run that it starts, shows it and does it again', async () => {
    expect((await training('triggers', 'list')).said).toContain('Nothing starts runs by itself.')
    const declared = await training(
      ...['triggers', 'set', '--finding', 'pneumonia', '--labels', '300', '--age-days', '30', '--json'],
    )
    expect(trainingTriggers.parse(JSON.parse(declared.said)).policies[0]?.policy).toMatchObject({
      labels: { atLeast: 300, cooldownHours: 24 },
      age: { olderThanDays: 30, atLeast: 1 },
    })
    await site.sendSite(300)
    const run = await site.until(async () => {
      const { runs } = trainingRunList.parse(JSON.parse((await training('list', '--json')).said))
      return runs.find((one) => one.state === 'succeeded')
    }, 120_000)
    expect((await training('list')).said).toMatch(/succeeded +100 +labels +1\.1\.0/)
    const again = await training('reproduce', run.run, '--json')
    expect(again.status).toBe(0)
    expect(trainingReproduction.parse(JSON.parse(again.said)).state).toBe('equal')
    const shown = (await training('show', run.run)).said
    expect(shown).toContain('Candidate: chest-radiograph 1.1.0')
    expect(shown).toContain('registered chest-radiograph 1.1.0 as candidate')
    expect(shown).toMatch(/Done again at .*: equal\./)
    expect((await training('triggers', 'list')).said).toMatch(/labels +fired +300/)
  }, 240_000)

  it('refuses what is not there or not possible, with what to do', async () => {
    const unknown = '6a204bd8-9b0e-4c0b-9f52-77e6a0e6f3b1'
    expect(await training('cancel', unknown)).toMatchObject({ status: 4 })
    expect((await training('reproduce', unknown)).said).toContain('no such run')
    expect((await training('triggers', 'remove', '--finding', 'effusion')).said).toContain('trigger-unknown')
    const bad = await training('triggers', 'set', '--finding', 'pneumonia', '--cron', 'every day')
    expect(bad).toMatchObject({ status: 4 })
    expect(bad.said).toContain('schedule.cron')
    expect((await training('triggers', 'set', '--finding', 'pneumonia', '--labels', '0')).status).toBe(2)
    const { runs } = trainingRunList.parse(JSON.parse((await training('list', '--json')).said))
    expect((await training('retry', runs[0]?.run ?? '')).said).toContain('run-not-restartable')
  }, 60_000)
})
