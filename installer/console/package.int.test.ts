import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'
import { ConsoleDoor, doorCredential } from '@leadglass/appliance/console-door'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPagesIfChanged } from '../start/pages.ts'
import { electronPeer, peer } from '../testing/peers.ts'
import { assertFuses } from './fuses.ts'
import { type ConsolePackage, packageConsole, vettedArchive } from './index.ts'
import { Display } from './testing/display.ts'

const electron = electronPeer()
const xvfb = peer('Xvfb')
const python = peer('python3')
const isThere = electron !== undefined && xvfb !== undefined && python !== undefined
/** The version of the test runtime. */
const VERSION = '33.2.1'
/** Not compressed: a quarter of a gigabyte that is unpacked at once. */
const ARCHIVE = `import os, sys, zipfile
source, target = sys.argv[1:]
with zipfile.ZipFile(target, 'w', zipfile.ZIP_STORED) as archive:
    for folder, _, files in os.walk(source):
        for name in files:
            path = os.path.join(folder, name)
            archive.write(path, os.path.relpath(path, source))
`

describe('archives for a release', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-archive-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([
    ['another version', 'electron-v44.0.0-linux-x64.zip', /no archive of Electron 45\.4\.1/],
    ['another thing', 'chromedriver-v45.4.1-linux-x64.zip', /no archive of Electron/],
    ['other bytes under the right name', 'electron-v45.4.1-linux-x64.zip', /has the SHA-256 [0-9a-f]{64}, and/],
  ])('refuse %s', async (_, name, message) => {
    await writeFile(join(folder, name), 'not an archive')
    await expect(vettedArchive(join(folder, name))).rejects.toThrow(message)
  })
})

describe.skipIf(!isThere)('the packaged console (skipped without an Electron, Xvfb and python3)', () => {
  let folder: string
  let display: Display
  let made: ConsolePackage

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-package-'))
    await buildPagesIfChanged(() => undefined)
    const archives = join(folder, 'archives')
    await mkdir(archives)
    const archive = join(archives, `electron-v${VERSION}-linux-x64.zip`)
    execFileSync(python ?? '', ['-c', ARCHIVE, dirname(electron ?? ''), archive])
    made = await packageConsole({
      archiveFolder: archives,
      version: VERSION,
      platform: 'linux',
      processor: 'x64',
      release: 'not-for-release',
      out: join(folder, 'out'),
    })
    display = new Display(xvfb ?? '')
    await display.start()
  }, 120_000)
  afterAll(async () => {
    await display.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('says that it is not for release, and carries its pages in one archive', async () => {
    expect(made.folder).toContain('NOT-FOR-RELEASE')
    expect(await readFile(join(made.folder, 'NOT-FOR-RELEASE.txt'), 'utf8')).toContain('must not be given to anybody')
    await access(join(made.folder, 'resources', 'app.asar'))
    await expect(access(join(made.folder, 'resources', 'app'))).rejects.toThrow()
  })

  it('has its fuses set, and one that is turned again is noticed', async () => {
    expect(Object.fromEntries(made.fuses.map(({ fuse, enabled }) => [fuse, enabled]))).toEqual({
      RunAsNode: false,
      EnableCookieEncryption: true,
      EnableNodeOptionsEnvironmentVariable: false,
      EnableNodeCliInspectArguments: false,
      EnableEmbeddedAsarIntegrityValidation: true,
      OnlyLoadAppFromAsar: true,
      LoadBrowserProcessSpecificV8Snapshot: false,
      GrantFileProtocolExtraPrivileges: false,
    })
    const turned = { version: FuseVersion.V1, [FuseV1Options.RunAsNode]: true } as const
    await flipFuses(made.program, turned)
    await expect(assertFuses(made.program)).rejects.toThrow('RunAsNode is on')
    await flipFuses(made.program, { ...turned, [FuseV1Options.RunAsNode]: false })
    await assertFuses(made.program)
  })

  it('starts, and its page asks the paired appliance over TLS who is signed in', async () => {
    const user = join(folder, 'user')
    await mkdir(user)
    const credential = await doorCredential(folder, 'box-01', systemClock)
    const asked: string[] = []
    let heard: () => void = () => undefined
    const first = new Promise<void>((resolve) => {
      heard = resolve
    })
    const door = new ConsoleDoor({ host: '127.0.0.1', port: 0, credential }, (request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(401, { 'content-type': 'application/json' })
      response.end('{"error":{"code":"not-signed-in","message":"m","effect":"e","nextStep":"n"}}')
      heard()
    })
    await door.start()
    const connection = { host: '127.0.0.1', port: door.port, pin: credential.pin }
    await writeFile(join(user, 'desk.json'), JSON.stringify({ schema: 'leadglass.desk/1', mode: 'window', connection }))
    const child = spawn(made.program, ['--no-sandbox', `--user-data-dir=${user}`], {
      stdio: 'ignore',
      env: { PATH: process.env.PATH ?? '', HOME: user, DISPLAY: display.name },
    })
    const ended = once(child, 'exit')
    await Promise.race([first, ended])
    child.kill('SIGTERM')
    await ended
    await door.stop()
    expect(asked[0]).toBe('GET /api/session')
  })

  it.each(['--remote-debugging-port=0', '--inspect=0'])('does not start with %s', async (argument) => {
    const user = join(folder, 'driven')
    const child = spawn(made.program, ['--no-sandbox', `--user-data-dir=${user}`, argument], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: user, DISPLAY: display.name },
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    expect([code, said.includes('it does not start')]).toEqual([2, true])
  })

  it('is no Node, whatever the environment says', async () => {
    const user = join(folder, 'node')
    const child = spawn(
      made.program,
      ['-e', 'process.exit(7)', '--no-sandbox', `--user-data-dir=${user}`, '--inspect'],
      {
        stdio: 'ignore',
        env: { PATH: process.env.PATH ?? '', HOME: user, DISPLAY: display.name, ELECTRON_RUN_AS_NODE: '1' },
      },
    )
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(2)
  })
})
