import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { describe, expect, it } from 'vitest'
import { type DeidentifyOptions, deidentifyFiles, overlaps } from './deidentify-folder.ts'
import type { PixelMode } from './pixel-check.ts'
import { DEFAULT_PROFILE } from './profiles.ts'

const SECRET = new Uint8Array(32).fill(7)

function plan(output: string, differs: Partial<DeidentifyOptions> = {}): DeidentifyOptions {
  return {
    output,
    secret: SECRET,
    profile: DEFAULT_PROFILE.profile,
    dryRun: false,
    pixels: 'table',
    heads: false,
    done: undefined,
    onFile: () => undefined,
    onDurable: () => undefined,
    ...differs,
  }
}

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
    const { output, files } = await scene()
    const report = await deidentifyFiles(files, plan(output))
    expect(report).toMatchObject({ files: 2, deidentified: 1, quarantined: [{ file: 1, reason: 'object-unreadable' }] })
    const [study = ''] = await readdir(output)
    const [name = ''] = await readdir(join(output, study))
    const bytes = await readFile(join(output, study, name))
    expect(bytes.includes('PHANTOM^LEADGLASS')).toBe(false)
    expect(bytes.includes('PHANTOM-1')).toBe(false)
  })

  it('gives the same bytes for the same secret, and writes nothing in a dry run', async () => {
    const { output, files } = await scene()
    const run = (dryRun: boolean) => deidentifyFiles(files.slice(0, 1), plan(output, { dryRun }))
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

describe('many files', () => {
  it('go to several threads, with the same result as one by one', async () => {
    const { input, output } = await scene()
    const other = await mkdtemp(join(tmpdir(), 'leadglass-deid-out-'))
    const names: string[] = []
    for (let index = 0; index < 70; index += 1) {
      const name = join(input, `${index}.dcm`)
      const content =
        index % 10 === 9 ? Buffer.from('no object') : phantomDicom({ seed: 2, index, rows: 32, columns: 32 }).bytes
      await writeFile(name, content)
      names.push(name)
    }
    let seen = 0
    const onFile = (): void => {
      seen += 1
    }
    const whole = await deidentifyFiles(names, plan(output, { onFile, threads: 2 }))
    expect(seen).toBe(70)
    expect(whole).toMatchObject({ files: 70, deidentified: 63 })
    expect(whole.quarantined.map(({ file }) => file)).toEqual([9, 19, 29, 39, 49, 59, 69])
    const halves = [names.slice(0, 35), names.slice(35)]
    for (const half of halves) await deidentifyFiles(half, plan(other))
    const listed = async (folder: string) => (await readdir(folder, { recursive: true })).sort()
    expect(await listed(other)).toEqual(await listed(output))
  })

  it('fail as a whole when one cannot be read', async () => {
    const { output, files } = await scene()
    const names = [...Array.from({ length: 80 }, () => files[0]), join(output, 'not there.dcm')]
    const run = deidentifyFiles(names, plan(output, { dryRun: true }))
    await expect(run).rejects.toThrow('ENOENT')
  })
})

describe('files whose pixels may show text', () => {
  it('are held until a person says that the pixels were looked at', { timeout: 60_000 }, async () => {
    const { input, output } = await scene()
    const image = Buffer.from(phantomDicom({ seed: 1, index: 1, rows: 64, columns: 64 }).bytes)
    // The object declares itself: (0028,0301) Burned In Annotation becomes YES.
    const at = image.indexOf(Buffer.from([0x28, 0x00, 0x01, 0x03]))
    expect(at).toBeGreaterThan(0)
    image.write('YES', at + 8, 'latin1')
    image.writeUInt16LE(4, at + 6)
    const value = image.indexOf(Buffer.from([0x28, 0x00]), at + 4)
    const burned = Buffer.concat([image.subarray(0, at + 8), Buffer.from('YES '), image.subarray(value)])
    const file = join(input, 'burned.dcm')
    await writeFile(file, burned)
    const run = (pixels: PixelMode) => deidentifyFiles([file], plan(output, { pixels }))
    const [held] = (await run('table')).quarantined
    expect(held?.reason).toMatch(/^pixels\.(unknown-device|too-small)$/)
    expect(await readdir(output)).toEqual([])
    expect((await run('reviewed')).deidentified).toBe(1)
  })
})

describe('two files of one instance', () => {
  it('are one when they are equal; when they differ the second one is held and the first one stays', async () => {
    const { input, output, files } = await scene()
    const original = Buffer.from(await readFile(files[0]))
    const other = Buffer.from(original)
    other[other.length - 2] = (other.at(-2) ?? 0) ^ 1
    const [copy, changed] = [join(input, 'copy.dcm'), join(input, 'changed.dcm')]
    await writeFile(copy, original)
    await writeFile(changed, other)
    expect(await deidentifyFiles([files[0], copy], plan(output))).toMatchObject({ deidentified: 2, quarantined: [] })
    const before = await contentOf(output)
    const report = await deidentifyFiles([changed], plan(output))
    expect(report.quarantined).toEqual([{ file: 0, reason: 'instance-uid-conflict' }])
    expect(await contentOf(output)).toEqual(before)
  })
})

/** Every file below a folder with its content; temporary files would show. */
async function contentOf(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.sort().map(async (file) => [file, (await readFile(file)).toString('base64')] as const))
}
