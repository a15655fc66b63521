import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { studyList } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../installer/testing/peers.ts'
import { parseFileMeta } from './dimse/index.ts'
import { type Spool, spoolReader } from './intake/index.ts'
import { openRecords, type Records } from './records/index.ts'
import { ApplianceProcess, eventually } from './testing/appliance-process.ts'
import { sendObjects } from './testing/send-objects.ts'

const corpus = sharedData('dicom')
const storescu = peer('storescu')
const storescp = peer('storescp')

/** A file of the corpus that is a PS3.10 file with a complete meta group. */
interface CorpusFile {
  readonly path: string
  readonly bytes: Buffer
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly dataSet: Buffer
}

async function filesOf(folder: string): Promise<CorpusFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found: CorpusFile[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    try {
      const head = parseFileMeta(bytes)
      if (head === undefined) continue
      found.push({ path, bytes, ...head.meta, dataSet: bytes.subarray(head.dataSetOffset) })
    } catch {
      // No PS3.10 file: the corpus holds licences, dumps and bare data sets too.
    }
  }
  return found
}

/** The name under which the spool keeps an instance. */
function digestOf(file: Pick<CorpusFile, 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid' | 'dataSet'>): string {
  return createHash('sha256')
    .update(`${file.sopClassUid}\n${file.sopInstanceUid}\n${file.transferSyntaxUid}\n`)
    .update(file.dataSet)
    .digest('hex')
}

async function keyOf(path: string): Promise<Buffer> {
  return Buffer.from((await readFile(path, 'utf8')).trim(), 'hex')
}

/** Which syntax DCMTK's sender proposes. */
const PROPOSALS: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': '-xi',
  '1.2.840.10008.1.2.1': '-xe',
  '1.2.840.10008.1.2.2': '-xb',
  '1.2.840.10008.1.2.1.99': '-xd',
  '1.2.840.10008.1.2.4.50': '-xy',
  '1.2.840.10008.1.2.4.51': '-xx',
  '1.2.840.10008.1.2.4.70': '-xs',
  '1.2.840.10008.1.2.4.80': '-xt',
  '1.2.840.10008.1.2.4.81': '-xu',
  '1.2.840.10008.1.2.4.90': '-xv',
  '1.2.840.10008.1.2.4.91': '-xw',
  '1.2.840.10008.1.2.5': '-xr',
}

describe.skipIf(corpus === undefined)('real objects of many makers and syntaxes', () => {
  let root: string
  let appliance: ApplianceProcess
  let files: CorpusFile[]

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-corpus-'))
    appliance = new ApplianceProcess(root)
    await appliance.writeSettings({ assembly: { quietMs: 300 } })
    await appliance.start()
    files = await filesOf(corpus ?? '')
  })

  afterAll(async () => {
    await appliance.stop()
    await rm(root, { recursive: true, force: true })
  })

  /** Stops the appliance, looks into record and spool, and starts it again. */
  async function inside(look: (records: Records, spool: Spool) => Promise<void>): Promise<void> {
    expect(await appliance.stop()).toBe(0)
    const { records, databaseKey, spoolKey, spool } = appliance.folders
    const opened = openRecords(records, await keyOf(databaseKey))
    try {
      await look(opened, spoolReader(spool, await keyOf(spoolKey), opened))
    } finally {
      opened.close()
    }
    await appliance.start()
  }

  it('takes every object and keeps its data set byte for byte', { timeout: 180_000 }, async () => {
    // A DICOMDIR is a file, never sent over the network (PS3.4 B.5, I.4); a data set of odd length cannot be (PS3.5 7.1).
    const sendable = files.filter(
      (file) => file.sopClassUid !== '1.2.840.10008.1.3.10' && file.dataSet.length % 2 === 0,
    )
    expect(sendable.length).toBeGreaterThan(150)
    const refused: string[] = []
    await sendObjects(
      appliance.dimsePort,
      sendable.map((file) => file.bytes),
      (at, _uid, result) => {
        if (result.kind !== 'accepted') refused.push(`${sendable[at]?.path ?? ''}: ${JSON.stringify(result)}`)
      },
    )
    expect(refused).toEqual([])
    await inside(async (records, spool) => {
      for (const file of sendable) {
        const digest = digestOf(file)
        expect(records.intake.holdsDigest(digest), file.path).toBe(true)
        const kept = await spool.read(digest)
        const head = parseFileMeta(kept)
        expect(head?.meta.transferSyntaxUid).toBe(file.transferSyntaxUid)
        expect(kept.subarray(head?.dataSetOffset).equals(file.dataSet), file.path).toBe(true)
      }
    })
  })

  it('brings every study to a final state, with a reason where nothing was scored', { timeout: 180_000 }, async () => {
    const list = await eventually(
      async () => {
        const found = await appliance.get('/api/studies?limit=500', studyList)
        const open = (found.counts.receiving ?? 0) + (found.counts.queued ?? 0) + (found.counts.running ?? 0)
        return open === 0 && found.studies.length > 0 ? found : undefined
      },
      'all studies final',
      120_000,
    )
    expect(list.counts.failed ?? 0).toBe(0)
    for (const study of list.studies) expect(study.reason).not.toBeNull()
  })

  it.skipIf(storescu === undefined || storescp === undefined)(
    'keeps what DCMTK sends as DCMTK itself would keep it',
    { timeout: 300_000 },
    async () => {
      const reference = join(root, 'reference')
      await mkdir(reference)
      const port = await freePort()
      // +B keeps data sets exactly as they come; -od where.
      const receiver = spawn(storescp ?? '', ['+B', '+xa', '-od', reference, String(port)], { stdio: 'ignore' })
      try {
        await eventually(() => (tryEcho(port) ? true : undefined), 'storescp')
        for (const [syntax, proposal] of Object.entries(PROPOSALS)) {
          const batch = files.filter((file) => file.transferSyntaxUid === syntax)
          const paths = batch.map((file) => file.path)
          const send = (called: string, to: number): string => {
            const args = ['-v', '-nh', '-R', proposal, '-aec', called, '127.0.0.1', String(to), ...paths]
            const { stdout, stderr } = spawnSync(storescu ?? '', args, { encoding: 'utf8' })
            return `${stdout}${stderr}`
          }
          const successes = (said: string): number => said.split('Received Store Response (Success)').length - 1
          const theirs = successes(send('ANY-SCP', port))
          expect(successes(send('LEADGLASS', appliance.dimsePort)), syntax).toBeGreaterThanOrEqual(theirs)
        }
      } finally {
        receiver.kill()
        await once(receiver, 'exit')
      }
      const kept = await filesOf(reference)
      expect(kept.length).toBeGreaterThan(100)
      await inside(async (records, spool) => {
        for (const file of kept) {
          const digest = digestOf(file)
          expect(records.intake.holdsDigest(digest), file.path).toBe(true)
          const ours = await spool.read(digest)
          expect(ours.subarray(parseFileMeta(ours)?.dataSetOffset).equals(file.dataSet), file.path).toBe(true)
        }
      })
    },
  )
})

function tryEcho(port: number): boolean {
  const echoscu = peer('echoscu')
  return echoscu !== undefined && spawnSync(echoscu, ['127.0.0.1', String(port)], { stdio: 'ignore' }).status === 0
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
