import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { phantomDicom } from '../phantom/phantom-dicom.ts'
import { wrapRadiograph } from './wrap-radiograph.ts'

const run = promisify(execFile)
const dciodvfy = peer('dciodvfy')
const dcmdump = peer('dcmdump')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wrap-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function save(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

describe('a wrapped radiograph', () => {
  it.skipIf(dciodvfy === undefined).each([
    ['PA', 12],
    ['AP', 16],
    ['LL', 8],
  ] as const)('in view %s with %i bits has nothing that dciodvfy objects to', async (view, bits) => {
    const { bytes } = phantomDicom({ seed: 2, index: 1, rows: 61, columns: 67, view, bits })
    const path = await save(`${view}.dcm`, bytes)
    const { stdout, stderr } = await run(dciodvfy ?? '', ['-new', path])
    expect(`${stdout}${stderr}`.trim()).toBe('DXImageForPresentation')
  })

  it.skipIf(dcmdump === undefined)('is read by DCMTK with the facts that went in', async () => {
    const { bytes, instance } = phantomDicom({ seed: 2, index: 7, rows: 64, columns: 65 })
    const { stdout } = await run(dcmdump ?? '', [
      '+P',
      '0008,0018',
      '+P',
      '0010,0020',
      '+P',
      '0028,0011',
      await save('p.dcm', bytes),
    ])
    expect(stdout).toContain(`[${instance}]`)
    expect(stdout).toContain('[PHANTOM-7]')
    expect(stdout).toMatch(/US 65\b/)
  })

  it('is refused when pixels, size and depth disagree', () => {
    const facts = {} as Parameters<typeof wrapRadiograph>[1]
    const values = new Uint8Array(6)
    expect(() => wrapRadiograph({ rows: 2, columns: 2, bitsStored: 8, values }, facts)).toThrow(RangeError)
    expect(() => wrapRadiograph({ rows: 2, columns: 3, bitsStored: 12, values }, facts)).toThrow(RangeError)
  })
})
