import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sharedData } from '../testing/peers.ts'

const PROGRAM = join(import.meta.dirname, 'main.ts')
const phantom = sharedData('ibsi/ibsi_1_digital_phantom/nifti')
const folder = mkdtempSync(join(tmpdir(), 'leadglass-radiomics-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const answer = z.object({
  settingsDigest: z.string().regex(/^[0-9a-f]{64}$/),
  voxels: z.number(),
  features: z.array(
    z.object({
      code: z.string(),
      ibsi: z.string(),
      value: z.number().nullable(),
      verified: z.boolean(),
      settings: z.object({ discretisation: z.string(), aggregation: z.string().nullable() }).loose(),
    }),
  ),
})

describe.skipIf(phantom === undefined)('leadglass radiomics (needs ../shared/data/ibsi)', () => {
  const files = [join(phantom ?? '', 'image', 'phantom.nii.gz'), join(phantom ?? '', 'mask', 'mask.nii.gz')]
  const settings = join(folder, 'settings.json')

  it('prints the features of the digital phantom with code, settings and flag', () => {
    const families = ['statistics', 'cooccurrence']
    writeFileSync(settings, JSON.stringify({ discretisation: { kind: 'none' }, families, aggregations: ['3D'] }))
    const args = [PROGRAM, 'radiomics', ...files, '--settings', settings]
    const found = answer.parse(JSON.parse(execFileSync(process.execPath, [...args, '--json'], { encoding: 'utf8' })))
    expect(found.voxels).toBe(74)
    const mean = found.features.find((one) => one.code === 'stat_mean')
    expect(mean).toMatchObject({
      ibsi: 'Q4LE',
      verified: true,
      settings: { discretisation: 'none', aggregation: null },
    })
    // IBSI 1 reference value 2.15
    expect(mean?.value).toBeCloseTo(2.15, 2)
    expect(found.features.filter((one) => one.code.startsWith('cm_'))).toHaveLength(50)
    const table = execFileSync(process.execPath, args, { encoding: 'utf8' })
    expect(table).toMatch(/^74 voxels, settings sha256:[0-9a-f]{64}\n/)
    expect(table).toMatch(/stat_mean +Q4LE +2\.1/)
  })

  it('says what is wrong with settings that are none', () => {
    writeFileSync(settings, '{"discretisation": {"kind": "FBN"}}')
    const outcome = spawnSync(process.execPath, [PROGRAM, 'radiomics', ...files, '--settings', settings], {
      encoding: 'utf8',
    })
    expect(outcome.status).not.toBe(0)
    expect(outcome.stderr).toMatch(/bins/)
  })
})
