import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { describe, expect, it } from 'vitest'
import { deidentifyFiles, overlaps } from './deidentify-folder.ts'

const SECRET = new Uint8Array(32).fill(7)

async function scene() {
  const input = await mkdtemp(join(tmpdir(), 'leadglass-deid-in-'))
  const output = await mkdtemp(join(tmpdir(), 'leadglass-deid-out-'))
  const files = [join(input, 'a.dcm'), join(input, 'b.txt')] as const
  await writeFile(files[0], phantomDicom({ seed: 1, index: 1, rows: 64, columns: 64 }).bytes)
  await writeFile(files[1], 'not DICOM')
  return { input, output, files }
}

describe('de-identifying a folder', () => {
  it('writes what the verifier found clean and reports the rest with reasons', async () => {
    const { input, output, files } = await scene()
    const report = await deidentifyFiles(files, {
      input,
      output,
      secret: SECRET,
      dryRun: false,
      pixelsReviewed: false,
      onFile: () => undefined,
    })
    expect(report).toMatchObject({ files: 2, deidentified: 1, quarantined: [{ file: 1, reason: 'object-unreadable' }] })
    const [study = ''] = await readdir(output)
    const [name = ''] = await readdir(join(output, study))
    const bytes = await readFile(join(output, study, name))
    expect(bytes.includes('PHANTOM^LEADGLASS')).toBe(false)
    expect(bytes.includes('PHANTOM-1')).toBe(false)
  })

  it('gives the same bytes for the same secret, and writes nothing in a dry run', async () => {
    const { input, output, files } = await scene()
    const run = (dryRun: boolean) =>
      deidentifyFiles(files.slice(0, 1), {
        input,
        output,
        secret: SECRET,
        dryRun,
        pixelsReviewed: false,
        onFile: () => undefined,
      })
    await run(true)
    expect(await readdir(output)).toEqual([])
    await run(false)
    const before = await readdir(output, { recursive: true })
    await run(false)
    expect(await readdir(output, { recursive: true })).toEqual(before)
  })

  it('knows folders that lie within each other', () => {
    expect(overlaps('/a/b', '/a/b/c')).toBe(true)
    expect(overlaps('/a/b/c', '/a/b')).toBe(true)
    expect(overlaps('/a/b', '/a/bc')).toBe(false)
  })
})
