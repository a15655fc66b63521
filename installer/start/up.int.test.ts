import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchStudies } from '../cli/commands/study.ts'
import { silentProgress } from '../cli/progress.ts'
import { examine } from '../doctor/examine.ts'
import { waitUntilSettled } from '../fault/settle.ts'
import { sendFiles } from '../send/send-files.ts'
import { startThrowawayInstance, type ThrowawayInstance } from './throwaway.ts'

const folders: string[] = []

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'leadglass-up-'))
  folders.push(path)
  return path
}

async function sendPhantom(instance: ThrowawayInstance, index: number): Promise<void> {
  const file = join(await folder(), 'phantom.dcm')
  writeFileSync(file, phantomDicom({ seed: 5, index, rows: 128, columns: 128 }).bytes)
  const to = { aeTitle: 'LEADGLASS', host: '127.0.0.1', port: instance.ports.dimse }
  expect(await sendFiles(to, 'TEST', [file], () => undefined)).toMatchObject({ accepted: 1, failures: [] })
}

describe('an instance', () => {
  let first: ThrowawayInstance
  let second: ThrowawayInstance

  beforeAll(async () => {
    first = await startThrowawayInstance(await folder())
    second = await startThrowawayInstance(await folder())
  }, 120_000)

  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()])
    for (const path of folders) await rm(path, { recursive: true, force: true })
  })

  it('runs beside another one, each with its own studies', async () => {
    await sendPhantom(first, 1)
    await sendPhantom(first, 2)
    await sendPhantom(second, 3)
    const one = await waitUntilSettled(first.client, 2, 60_000, silentProgress)
    const other = await waitUntilSettled(second.client, 1, 60_000, silentProgress)
    expect(one.studies.map((study) => study.state)).toEqual(['scored', 'scored'])
    expect(other.studies).toHaveLength(1)
    expect(one.studies[0]?.scores.map((score) => score.code)).toEqual([
      'pneumonia',
      'quality.exposure',
      'quality.inverted',
      'quality.rotated',
      'view.ap',
    ])
    expect(one.studies[0]?.scores[0]?.model).toMatchObject({ name: 'chest-radiograph', version: '1.1.0' })
  })

  it('passes the doctor without a failure', async () => {
    const findings = await examine(first.client)
    // The keys of an evaluation lie beside its data: that one is red until somebody moves them.
    const failed = findings.filter((finding) => finding.verdict === 'fail')
    expect(failed.map((finding) => finding.check)).toEqual(['keys of the data'])
    expect(findings.map((finding) => finding.check)).toContain('C-ECHO to the appliance')
  })

  it('refuses to run twice in one folder', async () => {
    await expect(startThrowawayInstance(first.layout.root)).rejects.toThrow(/running already/)
  })

  it('has the same state after a stop and a start, and brings a killed process back', async () => {
    const before = await fetchStudies(first.client, { limit: 10 })
    await first.stop()
    expect((await readdir(first.layout.root)).filter((name) => name.endsWith('.pid'))).toEqual([])
    first = await startThrowawayInstance(first.layout.root)
    expect(await fetchStudies(first.client, { limit: 10 })).toEqual(before)

    const pid = await first.pidOf('appliance')
    process.kill(pid ?? 0, 'SIGKILL')
    await expect
      .poll(async () => (await fetchStudies(first.client, { limit: 10 }).catch(() => [])).length, { timeout: 20_000 })
      .toBe(2)
    expect(await first.pidOf('appliance')).not.toBe(pid)
  }, 60_000)

  it('takes over from a supervisor that was killed', async () => {
    const orphan = await first.pidOf('hub')
    await first.killSupervisor()
    expect(orphan).toBeDefined()
    first = await startThrowawayInstance(first.layout.root)
    expect(await first.pidOf('hub')).not.toBe(orphan)
    expect(() => process.kill(orphan ?? 0, 0)).toThrow()
    expect(await fetchStudies(first.client, { limit: 10 })).toHaveLength(2)
  }, 60_000)
})
