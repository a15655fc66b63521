import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { digestOf, ManualClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pythonPeer } from '../../installer/testing/peers.ts'
import { DrillStage } from './drills/stage.ts'
import { exchangeCustodian, exchangeOnlineKeys } from './rotation.ts'

const PYTHON = pythonPeer()
const run = promisify(execFile)

/** python-tuf's own client, as anybody would use it: refreshes, finds the target, downloads it, says what it trusts. */
const CLIENT = `
import json, os, sys
from tuf.ngclient import Updater
url, folder, target = sys.argv[1:]
os.makedirs(folder + "/metadata", exist_ok=True)
os.makedirs(folder + "/targets", exist_ok=True)
bootstrap = open(folder + "/root.json", "rb").read()
updater = Updater(folder + "/metadata", url + "metadata/", folder + "/targets", url + "targets/", bootstrap=bootstrap)
try:
    updater.refresh()
    info = updater.get_targetinfo(target)
    path = updater.download_target(info) if info else None
    root = json.load(open(folder + "/metadata/root.json"))["signed"]["version"]
    print(json.dumps({"root": root, "file": path}))
except Exception as error:
    print(json.dumps({"refused": type(error).__name__}))
`

let folder = ''
let stage: DrillStage
let server: Server
let url = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-python-tuf-'))
  stage = await DrillStage.open(join(folder, 'hub'), new ManualClock(Date.now()))
  server = createServer((request, response) => {
    readFile(join(folder, 'hub', 'repository', decodeURI(request.url ?? '/'))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await mkdir(join(folder, 'client'))
  await writeFile(
    join(folder, 'client', 'root.json'),
    await readFile(join(folder, 'hub', 'repository', 'metadata', '1.root.json')),
  )
})

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

interface Answer {
  readonly root?: number
  readonly file?: string | null
  readonly refused?: string
}

async function client(target: string): Promise<Answer> {
  const { stdout } = await run(PYTHON ?? '', ['-c', CLIENT, url, join(folder, 'client'), target])
  return JSON.parse(stdout) as Answer
}

describe.skipIf(PYTHON === undefined)("python-tuf's client", () => {
  it('reads the repository, downloads an approved manifest, and follows exchanges of keys', async () => {
    const listed = Object.values((await stage.writer().state()).approvedModels?.metadata.signed.targets ?? {})
    const target = listed[0]
    if (target === undefined) throw new Error('nothing is listed')
    const first = await client(target.path)
    expect(first.root).toBe(1)
    expect(digestOf(await readFile(first.file ?? ''))).toBe(target.hashes.sha256)
    expect(await client('models/drill-model/9.9.9/manifest.json')).toEqual({ root: 1, file: null })

    const present = [stage.custodian('root', 2), stage.custodian('root', 3)]
    const replacement = await stage.newCustodian('root')
    const { publicKey } = stage.custodian('root', 1)
    await exchangeCustodian('root', publicKey, replacement.publicKey, stage.ceremony(present))
    expect(await client(target.path)).toMatchObject({ root: 2 })

    const stolen = stage.onlineKeys
    const next = await stage.newOnlineKeys()
    await exchangeOnlineKeys(next, stage.ceremony(present, stage.writer(stolen, next)))
    expect(await client(target.path)).toMatchObject({ root: 3 })
    stage.onlineKeys = next
    await stage.release(stage.approvers.slice(0, 2))
    expect(await client('models/drill-model/1.0.2/manifest.json')).toMatchObject({ root: 3 })
    await stage.writer(stolen).resignOnline()
    expect(await client(target.path)).toEqual({ refused: 'UnsignedMetadataError' })
  }, 60_000)
})
