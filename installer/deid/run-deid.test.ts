import { spawnSync } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { crc32, createGzip, deflateRawSync } from 'node:zlib'
import { phantomDicom } from '@leadglass/models'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { isTaken } from './archives/archive-entry.ts'
import { archiveKindOf, readArchive } from './archives/index.ts'
import { DEFAULT_PROFILE } from './profiles.ts'
import { RateMeter } from './rate-meter.ts'
import { type DeidRequest, type DeidRun, runDeidentification } from './run-deid.ts'

const SECRET = new Uint8Array(32).fill(5)

interface Packed {
  readonly name: string
  readonly bytes: Buffer
}

function slice(index: number): Packed {
  return { name: `${index}.dcm`, bytes: Buffer.from(phantomDicom({ seed: 3, index, rows: 32, columns: 32 }).bytes) }
}

async function folders(): Promise<{ input: string; output: string }> {
  const root = await mkdtemp(join(tmpdir(), 'leadglass-deid-'))
  await mkdir(join(root, 'in'))
  return { input: join(root, 'in'), output: join(root, 'out') }
}

function run(input: string, output: string, differs: Partial<DeidRequest> = {}): Promise<DeidRun> {
  return runDeidentification(
    {
      input,
      output,
      profile: DEFAULT_PROFILE,
      secret: SECRET,
      isResumable: true,
      dryRun: false,
      pixels: 'table',
      heads: false,
      ...differs,
    },
    () => undefined,
    () => undefined,
  )
}

/** A ZIP archive with the sizes that are claimed (APPNOTE 4.3.6); Unix modes where given. */
function zipOf(files: readonly (Packed & { claimed?: number; mode?: number })[]): Buffer {
  const [locals, directory]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const { name, bytes, claimed = bytes.length, mode = 0o100644 } of files) {
    const packed = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claimed, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, rest, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, central, end])
}

async function tarTo(path: string, files: readonly Packed[], isCompressed: boolean): Promise<void> {
  const tar = pack()
  for (const { name, bytes } of files) tar.entry({ name }, bytes)
  tar.entry({ name: 'link.dcm', type: 'symlink', linkname: '/etc/hostname' })
  tar.entry({ name: 'folder', type: 'directory' })
  tar.finalize()
  if (isCompressed) await pipeline(tar, createGzip(), createWriteStream(path))
  else await pipeline(tar, createWriteStream(path))
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.dcm'))
    .map((entry) => entry.name)
    .sort()
}

describe('archives', () => {
  it('of every kind give what the same files in a folder give, whatever their entries are called', async () => {
    const slices = [slice(1), slice(2), slice(3)]
    const plain = await folders()
    for (const { name, bytes } of slices) await writeFile(join(plain.input, name), bytes)
    await run(plain.input, plain.output)
    const expected = await namesIn(plain.output)
    expect(expected).toHaveLength(3)
    const tricks = ['../../../escape.dcm', '/tmp/absolute.dcm', 'a\\..\\b.dcm']
    const hostile = slices.map(({ bytes }, index) => ({ name: tricks[index] ?? '', bytes }))
    const { input } = await folders()
    await writeFile(join(input, 'a.zip'), zipOf(hostile))
    await tarTo(join(input, 'b.tar'), hostile, false)
    await tarTo(join(input, 'c.tgz'), hostile, true)
    for (const name of ['a.zip', 'b.tar', 'c.tgz']) {
      const { output } = await folders()
      const { report } = await run(join(input, name), output)
      expect(report, name).toMatchObject({
        files: 3,
        deidentified: 3,
        plainFiles: 0,
        archives: [{ first: 0, entries: 3 }],
      })
      expect(await namesIn(output), name).toEqual(expected)
    }
  })

  it('in a folder are read after its files, and the numbers go on', async () => {
    const { input, output } = await folders()
    await writeFile(join(input, 'a.zip'), zipOf([slice(1), { name: 'note.txt', bytes: Buffer.from('no object') }]))
    await writeFile(join(input, 'b.dcm'), slice(2).bytes)
    const { report } = await run(input, output)
    expect(report).toMatchObject({ files: 3, deidentified: 2, plainFiles: 1, archives: [{ first: 1, entries: 2 }] })
    expect(report.quarantined).toEqual([{ file: 2, reason: 'object-unreadable' }])
  })

  it('that give out more than they may are left, and so are entries that lie about their size', async () => {
    const { input } = await folders()
    const bomb = join(input, 'bomb.zip')
    await writeFile(bomb, zipOf([1, 2, 3].map((index) => ({ name: String(index), bytes: Buffer.alloc(1_000_000) }))))
    const limits = { entryBytes: 1_500_000, entries: 10, ratio: 2, freeBytes: 1_200_000 }
    const refusals = async (path: string, more = {}): Promise<string[]> => {
      const kind = await archiveKindOf(path)
      if (kind === undefined) throw new Error('the file is no archive')
      const seen: string[] = []
      for await (const entry of readArchive(path, kind, { ...limits, ...more }))
        seen.push(isTaken(entry) ? 'taken' : entry.refused)
      return seen
    }
    expect(await refusals(bomb)).toEqual(['taken', 'archive-bomb'])
    expect(await refusals(bomb, { entryBytes: 1000 })).toEqual(Array.from({ length: 3 }, () => 'entry-too-large'))
    expect(await refusals(bomb, { entries: 2, freeBytes: 1e9 })).toEqual(['taken', 'taken', 'archive-bomb'])
    const tar = join(input, 'bomb.tar.gz')
    await tarTo(
      tar,
      [1, 2, 3].map((index) => ({ name: String(index), bytes: Buffer.alloc(1_000_000) })),
      true,
    )
    expect(await refusals(tar)).toEqual(['taken', 'archive-bomb'])
    const liar = join(input, 'liar.zip')
    await writeFile(liar, zipOf([{ name: 'x', bytes: Buffer.alloc(100_000), claimed: 10 }, slice(1)]))
    expect(await refusals(liar, { freeBytes: 1e9 })).toEqual(['entry-unreadable', 'taken'])
  })

  it('that are cut off give what they hold, and say so; links are no files', async () => {
    const { input, output } = await folders()
    const path = join(input, 'cut.tar')
    await tarTo(path, [slice(1), slice(2)], false)
    await truncate(path, slice(1).bytes.length + 2500)
    const { report } = await run(path, output)
    expect(report.deidentified).toBe(1)
    expect(report.quarantined).toEqual([{ file: 1, reason: 'archive-damaged' }])
    const linked = join(input, 'link.zip')
    await writeFile(linked, zipOf([{ name: 'l', bytes: Buffer.from('/etc/hostname'), mode: 0o120777 }, slice(1)]))
    const kind = await archiveKindOf(linked)
    const entries: boolean[] = []
    for await (const entry of readArchive(linked, kind ?? 'tar')) entries.push(isTaken(entry))
    expect(entries).toEqual([true])
  })
})

describe('a run that goes on', () => {
  it('skips what is durable, and does again what is not', async () => {
    const { input, output } = await folders()
    for (const index of [1, 2, 3]) await writeFile(join(input, `${index}.dcm`), slice(index).bytes)
    expect((await run(input, output)).report).toMatchObject({ deidentified: 3, skipped: 0 })
    await writeFile(join(input, '4.dcm'), slice(4).bytes)
    expect((await run(input, output)).report).toMatchObject({ files: 4, deidentified: 1, skipped: 3 })
    // As after a kill: the last line is half there.
    const record = join(output, '.leadglass-deid')
    const whole = await readFile(record, 'utf8')
    await writeFile(record, whole.slice(0, -10))
    expect((await run(input, output)).report).toMatchObject({ files: 4, deidentified: 1, skipped: 3 })
    expect(await namesIn(output)).toHaveLength(4)
    expect((await run(input, output)).report).toMatchObject({ skipped: 4 })
  })

  it('refuses a folder of another key, and keeps no word of the originals in its record', async () => {
    const { input, output } = await folders()
    await writeFile(join(input, '1.dcm'), slice(1).bytes)
    await run(input, output)
    await expect(run(input, output, { secret: new Uint8Array(32).fill(6) })).rejects.toThrow('another key')
    expect(await readFile(join(output, '.leadglass-deid'), 'utf8')).not.toMatch(/PHANTOM|1\.dcm/)
  })

  it('leaves nothing at all in a dry run', async () => {
    const { input, output } = await folders()
    await writeFile(join(input, '1.dcm'), slice(1).bytes)
    expect((await run(input, output, { dryRun: true })).report).toMatchObject({ deidentified: 1, dryRun: true })
    await expect(readdir(output)).rejects.toThrow('ENOENT')
  })
})

describe('the rate', () => {
  it('is printed once a second and at the end, with the time that is left', () => {
    let now = 0
    const lines: string[] = []
    const meter = new RateMeter(
      4,
      () => now,
      (line) => lines.push(line),
    )
    for (const at of [100, 2000, 2100, 4000]) {
      now = at
      meter.count(1_000_000)
    }
    expect(lines).toEqual([
      '2 of 4 files, 1 files/s, 1 MB/s, 2 s left\n',
      '4 of 4 files, 1 files/s, 1 MB/s, 0 s left\n',
    ])
  })
})

describe('the command', () => {
  it('explains itself, reports as JSON, lists what it held, and ends with the status that its help names', {
    timeout: 60_000,
  }, async () => {
    const { input, output } = await folders()
    await writeFile(join(input, '1.dcm'), slice(1).bytes)
    await writeFile(join(input, '2.txt'), 'no object')
    const main = join(import.meta.dirname, '..', 'cli', 'main.ts')
    const leadglass = (...args: string[]) => spawnSync(process.execPath, [main, 'deid', ...args], { encoding: 'utf8' })
    expect(leadglass('--help').stdout).toMatch(/--profile[\s\S]*Profiles:[\s\S]*research[\s\S]*Exit status/)
    expect(leadglass(input, output, '--profile', 'none').status).toBe(2)
    const [report, held] = [join(output, '..', 'report.json'), join(output, '..', 'held.tsv')]
    const { status, stdout } = leadglass(
      input,
      output,
      '--pixels',
      'table',
      '--json',
      '--report',
      report,
      '--list-held',
      held,
    )
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(report, 'utf8')))
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'leadglass.deid-report/1',
      profile: 'research',
      methods: ['113100', '113107', '113108'],
      files: 2,
      deidentified: 1,
      quarantined: [{ file: 1, reason: 'object-unreadable' }],
    })
    expect(stdout).not.toContain('2.txt')
    expect(await readFile(held, 'utf8')).toBe(`number\treason\tfile\n2\tobject-unreadable\t${join(input, '2.txt')}\n`)
  })
})
