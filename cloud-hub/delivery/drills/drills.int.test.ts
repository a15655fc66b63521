import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DRILLS, drillNamed, runDrill } from './index.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-drill-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the drill', () => {
  it.each(DRILLS.map((drill) => drill.name))('%s ends as rehearsed', async (name) => {
    const drill = drillNamed(name)
    if (drill === undefined) throw new Error('no such drill')
    const steps = await runDrill(drill, folder, Date.parse('2026-11-22T12:00:00Z'))
    expect(steps.length).toBeGreaterThan(4)
    expect(steps.filter((step) => !step.holds)).toEqual([])
  })

  it('of an unknown name does not exist', () => {
    expect(drillNamed('no-such-drill')).toBeUndefined()
  })
})
