import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type HeldSearch, initialiseAppliance, openHeldSearch } from '@leadglass/appliance/commands'
import { phantomDicom } from '@leadglass/models'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApplianceProcess, eventually } from '../../../appliance/testing/appliance-process.ts'
import { sendObjects } from '../../../appliance/testing/send-objects.ts'
import { layoutOf } from '../../start/layout.ts'
import { placesOf, scanPlace } from './scan-places.ts'

interface Answer {
  readonly clean: boolean
  readonly studies: number
}

const MAIN = join(import.meta.dirname, '..', 'main.ts')
const run = promisify(execFile)

/** A ZIP archive of one stored file (APPNOTE 4.3): no packer is among the dependencies. */
function zipOf(content: Buffer): Buffer {
  const name = Buffer.from('log.txt')
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt32LE(content.length, 18)
  local.writeUInt32LE(content.length, 22)
  local.writeUInt16LE(name.length, 26)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(20, 6)
  central.writeUInt32LE(content.length, 20)
  central.writeUInt32LE(content.length, 24)
  central.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length + name.length, 12)
  end.writeUInt32LE(local.length + name.length + content.length, 16)
  return Buffer.concat([local, name, content, central, name, end])
}

async function tarOf(content: Buffer): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name: 'log.txt' }, content)
  tar.finalize()
  return buffer(tar)
}

describe('leadglass scan', () => {
  let root: string
  let search: HeldSearch
  let identifier: string
  const layout = (): ReturnType<typeof layoutOf> => layoutOf(root)

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-scan-'))
    const appliance = new ApplianceProcess(root)
    await initialiseAppliance({ folder: appliance.configuration.dataFolder, device: 'test-box' as never, accounts: [] })
    await appliance.start()
    identifier = 'Quixano8841'
    const object = named(phantomDicom({ seed: 77, index: 1, rows: 64, columns: 64 }).bytes, identifier)
    await sendObjects(appliance.dimsePort, [object], () => undefined)
    await eventually(async () => {
      await mkdir(dirname(layout().appliance.configFile), { recursive: true })
      await writeFile(layout().appliance.configFile, JSON.stringify({ dataFolder: appliance.configuration.dataFolder }))
      search = await openHeldSearch(layout().appliance.configFile)
      return search.studies > 0 ? true : undefined
    }, 'the study in the record')
    await appliance.stop()
    await mkdir(layout().logs, { recursive: true })
    await writeFile(join(layout().logs, 'appliance.log'), appliance.log.join('\n'))
  }, 60_000)
  afterAll(async () => {
    await rm(root, { recursive: true, force: true })
  })

  const cli = async (...args: string[]): Promise<{ status: number; answer: Answer; text: string }> => {
    const outcome = await run(process.execPath, [MAIN, 'scan', '--data', root, '--json', ...args], {
      encoding: 'utf8',
    }).then(
      ({ stdout }) => ({ status: 0, stdout }),
      (cause: { code: number; stdout: string }) => ({ status: cause.code, stdout: cause.stdout }),
    )
    return { status: outcome.status, answer: JSON.parse(outcome.stdout) as Answer, text: outcome.stdout }
  }

  it('finds what the appliance wrote outside its folder clean, and says so with status 0', async () => {
    const { status, answer } = await cli()
    expect(answer).toMatchObject({ clean: true, studies: 1 })
    expect(status).toBe(0)
  })

  it('finds what is planted, names place and count but not the text, and ends with status 1', async () => {
    const file = join(layout().logs, 'old.log')
    await writeFile(file, `{"message":"no ${identifier}"}\n`)
    const { status, answer, text } = await cli()
    expect(status).toBe(1)
    expect(answer.clean).toBe(false)
    expect(text).toContain('old.log')
    expect(text).not.toContain(identifier)
    await rm(file)
  })

  it('finds it in every kind of place and container', async () => {
    const said = Buffer.from(`see ${identifier} there`)
    const { exchange, agent, hub, logs } = layout()
    const planted: readonly [string, Buffer | Promise<Buffer>][] = [
      [
        join(exchange, 'outbox', '0000001-1-000000000001-000000000001.batch'),
        gzipSync(JSON.stringify({ note: identifier })),
      ],
      [join(agent.folder, 'state', 'status.json'), said],
      [join(hub.folder, 'hub.db'), said],
      [join(logs, 'crash', 'report.json'), Buffer.from(identifier, 'utf16le')],
      [join(root, 'bundle.zip'), zipOf(gzipSync(said))],
      [join(root, 'bundle.tar'), tarOf(said)],
      [join(root, 'bundle.tar.gz'), tarOf(gzipSync(said)).then((bytes) => gzipSync(bytes))],
      [join(logs, `${identifier}.txt`), Buffer.from('nothing')],
    ]
    for (const [file, content] of planted) {
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, await content)
      const reports = await Promise.all(placesOf(layout()).map((place) => scanPlace(search, place, () => undefined)))
      const hits = reports.flatMap((report) => report.hits.map((hit) => hit.file))
      expect(new Set(hits), file).toEqual(new Set([file]))
      await rm(file)
    }
  })

  it('follows no link, and a place that is not there is empty', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'leadglass-outside-'))
    await writeFile(join(outside, 'x'), identifier)
    await symlink(outside, join(layout().logs, 'link'))
    const place = { name: 'logs', path: layout().logs, isDeep: true }
    expect((await scanPlace(search, place, () => undefined)).hits).toEqual([])
    expect(await scanPlace(search, { ...place, path: join(root, 'absent') }, () => undefined)).toMatchObject({
      files: 0,
      unread: [],
    })
    await rm(join(layout().logs, 'link'))
    await rm(outside, { recursive: true })
  })
})

/** The object with another Patient ID of the same length or shorter, padded. */
function named(object: Uint8Array, id: string): Uint8Array {
  const bytes = Buffer.from(object)
  const at = bytes.indexOf(Buffer.from([0x10, 0x00, 0x20, 0x00, 0x4c, 0x4f]))
  const length = bytes.readUInt16LE(at + 6)
  const value = Buffer.from(id.padEnd(id.length + (id.length % 2)))
  const before = Buffer.from(bytes.subarray(0, at + 8))
  before.writeUInt16LE(value.length, at + 6)
  return Buffer.concat([before, value, bytes.subarray(at + 8 + length)])
}
