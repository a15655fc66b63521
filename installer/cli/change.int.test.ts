import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { initialiseHub } from '@leadglass/cloud-hub/commands'
import { auditEntries, changeDetermination, changePlanList, changePlanView } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examplePlan } from '../../cloud-hub/change-control/testing/example-plan.ts'
import { shippedFolder } from '../../cloud-hub/model-card/testing/shipped-card.ts'
import { holdTestCeremony, TEST_PASSPHRASE } from '../../cloud-hub/testing/ceremony.ts'
import { HubProcess } from '../../cloud-hub/testing/hub-process.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')
const MODEL = 'chest-radiograph@1.1.0'

describe('leadglass change', () => {
  let root: string
  let hub: HubProcess
  const at = (name: string): string => join(root, name)

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-change-'))
    const layout = layoutOf(root)
    const { folder } = layout.hub
    await mkdir(folder, { recursive: true })
    const ceremony = await holdTestCeremony(folder)
    const approvers = ceremony.approvers.map(({ person, role, printedName, publicKey }) => ({
      person,
      role,
      printedName,
      publicKey,
    }))
    await initialiseHub({ folder, names: ['localhost'], policy: ceremony.policy, approvers })
    hub = await HubProcess.start(folder)
    await writeInstanceFile(layout, {
      schema: 'leadglass.instance/1',
      device: 'test-box',
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: 1, appliance: 1, hub: hub.http, mqtt: 1 },
      createdAt: '2026-11-22T12:00:00Z',
      provisioned: true,
    })
    for (const version of ['chest-radiograph/1.0.0', 'chest-radiograph/1.1.0'] as const) {
      await hub.post('/api/models/import', { folder: shippedFolder(version) })
    }
    for (const key of ceremony.approvers) await writeFile(at(`${key.person}.key.json`), JSON.stringify(key))
    await writeFile(at('passphrase'), `${TEST_PASSPHRASE}\n`)
    const { author: _, ...plan } = examplePlan({ model: 'chest-radiograph' })
    await writeFile(at('plan.json'), JSON.stringify(plan))
  }, 60_000)
  afterAll(async () => {
    await hub.stop()
    await rm(root, { recursive: true, force: true })
  })

  const change = async (...args: readonly string[]): Promise<{ status: number; said: string }> => {
    const done = await promisify(execFile)(process.execPath, [CLI, 'change', ...args, '--data', root]).catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    return { status: 'code' in done ? done.code : 0, said: done.stdout === '' ? done.stderr : done.stdout }
  }
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await change(...args, '--json')).said)
  const adopt = (digest: string, person: string) =>
    json('adopt', digest, '--key', at(`${person}.key.json`), '--passphrase-file', at('passphrase'))

  it('takes a plan from its declaration to being in force, and says what a version lacks', async () => {
    expect(await change('check', MODEL)).toMatchObject({
      status: 1,
      said: expect.stringContaining('No plan') as string,
    })
    const { digest, state } = changePlanView.parse(await json('declare', at('plan.json')))
    expect(state).toBe('declared')
    expect(changePlanView.parse(await adopt(digest.slice(0, 12), 'clinical-approver')).state).toBe('declared')
    expect(changePlanView.parse(await adopt(digest, 'technical-approver')).state).toBe('in-force')
    expect((await change('show', digest)).said).toContain('"leadglass.change-plan/1"')
    await json('record', MODEL, 'P1', '--evidence', 'split by patient, run 7')
    const found = changeDetermination.parse(await json('check', MODEL))
    // The shipped 1.1.0 has outputs that 1.0.0 has not: no refit of the head, and said so.
    expect(found).toMatchObject({ within: false, plan: { digest } })
    expect(found.reasons).toContain('No modification of the plan names outputs, which differs.')
    expect(found.steps).toContainEqual({ step: 'P1', recorded: true })
  }, 90_000)

  it('refuses what is no plan, a step that is none, and a claim that does not hold', async () => {
    await writeFile(at('broken.json'), '{"schema":"leadglass.change-plan/1"}')
    expect((await change('declare', at('broken.json'))).status).not.toBe(0)
    expect((await change('declare', at('missing.json'))).said).toContain('cannot be read')
    await writeFile(at('no-json'), '{')
    expect((await change('declare', at('no-json'))).said).toContain('cannot be read')
    expect((await change('record', MODEL, 'P9', '--evidence', 'none')).said).toContain('unknown-step')
    expect((await change('adopt', 'ffffff', '--key', at('clinical-approver.key.json'))).said).toContain('no plan')
    const signoffs = [
      { person: 'clinical-approver', role: 'clinical' },
      { person: 'technical-approver', role: 'technical' },
    ]
    const claim = { name: 'chest-radiograph', version: '1.1.0', signoffs, withinPlan: true }
    await expect(hub.post('/api/approvals', claim)).rejects.toThrow(/not-within-plan/)
  }, 60_000)

  it('takes a plan out of force, and leaves each act in the log', async () => {
    const { plans } = changePlanList.parse(await json('list'))
    const digest = plans[0]?.digest ?? ''
    expect(await json('withdraw', digest, '--reason', 'the submission was taken back')).toMatchObject({
      state: 'withdrawn',
    })
    const { entries } = auditEntries.parse(await hub.get('/api/audit/entries?limit=100'))
    const words = entries.map(({ event }) => (event as { event: string }).event)
    expect(words).toEqual(
      expect.arrayContaining(['plan.declared', 'plan.adopted', 'plan.step-recorded', 'plan.withdrawn']),
    )
  }, 60_000)
})
