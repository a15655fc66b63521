import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AssociationRequester, splitPart10 } from '@leadglass/appliance/dimse'
import { phantomDicom } from '@leadglass/models'
import { readPairingText } from '@leadglass/ui/contract/console-pairing'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DeskBridge } from '../../ui/electron/ipc.ts'
import { CONTENT_SECURITY_POLICY } from '../../ui/electron/page-files.ts'
import { buildPagesIfChanged, PAGES } from '../start/pages.ts'
import { readSignInFile } from '../start/sign-in-file.ts'
import { startThrowawayInstance, type ThrowawayInstance } from '../start/throwaway.ts'
import { electronPeer, peer } from '../testing/peers.ts'
import { Display } from './testing/display.ts'

const electron = electronPeer()
const xvfb = peer('Xvfb')
const isThere = electron !== undefined && xvfb !== undefined
const CLI = join(import.meta.dirname, '..', 'cli', 'main.ts')
const PATIENCE_MS = 15_000

/** What the functions that run in the page see there; this program itself has none of it. */
interface PageScope {
  readonly document: { readonly cookie: string }
  readonly location: { href: string }
  readonly navigator: { readonly mediaDevices?: { getUserMedia(wish: { video: true }): Promise<unknown> } }
  readonly Notification: { requestPermission(): Promise<string> }
  readonly EventSource: new (path: string) => { onopen: () => void; onerror: () => void; close(): void }
  readonly leadglassDesk: DeskBridge
  open(address: string): unknown
}

describe.skipIf(!isThere)('the console on a desk (skipped without an Electron and Xvfb)', () => {
  let folder: string
  let instance: ThrowawayInstance
  let display: Display
  let pairing: string
  const running: ElectronApplication[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-desk-'))
    await buildPagesIfChanged(() => undefined)
    display = new Display(xvfb ?? '')
    await display.start()
    instance = await startThrowawayInstance(join(folder, 'instance'))
    const told = await promisify(execFile)(process.execPath, [
      CLI,
      'console',
      'pair',
      '--data',
      instance.layout.root,
      '--json',
    ])
    pairing = (JSON.parse(told.stdout) as { texts: [string] }).texts[0]
  }, 120_000)
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close()
  })
  afterAll(async () => {
    await display.stop()
    await instance.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Starts the console of the built pages with a folder of its own for what it keeps. */
  async function start(user: string): Promise<{ readonly console: ElectronApplication; readonly page: Page }> {
    const started = await _electron.launch({
      executablePath: electron ?? '',
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        `--user-data-dir=${join(folder, user)}`,
        PAGES.desk,
      ],
      env: { PATH: process.env.PATH ?? '', HOME: join(folder, user), DISPLAY: display.name },
    })
    running.push(started)
    const page = await started.firstWindow()
    page.setDefaultTimeout(PATIENCE_MS)
    return { console: started, page }
  }

  async function signIn(page: Page): Promise<void> {
    const { console: accounts } = await readSignInFile(instance.layout)
    const one = accounts.find(({ role }) => role === 'technologist')
    await page.getByLabel('Account').fill(one?.account ?? '')
    await page.getByLabel('Password').fill(one?.password ?? '')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('navigation').waitFor()
  }

  it('is paired by the text of the appliance, and takes neither another text nor another key', async () => {
    const { page } = await start('first')
    const pair = async (text: string): Promise<void> => {
      await page.getByLabel('Pairing text').fill(text)
      await page.getByRole('button', { name: 'Pair' }).click()
    }
    await pair('https://somewhere')
    await page.getByText('This is no pairing text.').waitFor()
    await pair(`${pairing.slice(0, -43)}${'A'.repeat(43)}`)
    await page.getByText('Another machine answers at that address').waitFor()
    await pair(pairing)
    await page.getByLabel('Account').waitFor()
  })

  it('remembers the appliance, signs a person in over TLS, and keeps the session from page and disk', async () => {
    const { page } = await start('first')
    await signIn(page)
    expect(page.url()).toMatch(/^app:\/\/console\//)
    expect(await page.evaluate(() => (globalThis as unknown as PageScope).document.cookie)).toBe('')
    const shown = await page.evaluate(async () => {
      const answer = await fetch('/api/session')
      return { status: answer.status, cookie: answer.headers.get('set-cookie') }
    })
    expect(shown).toEqual({ status: 200, cookie: null })
    const kept: unknown = JSON.parse(await readFile(join(folder, 'first', 'desk.json'), 'utf8'))
    expect(kept).toEqual({ schema: 'leadglass.desk/1', mode: 'window', connection: readPairingText(pairing) })
  })

  it('forgets the session when it ends', async () => {
    const { page } = await start('first')
    await page.getByLabel('Account').waitFor()
    expect(await page.evaluate(async () => (await fetch('/api/session')).status)).toBe(401)
  })

  it('hears events of the appliance as they happen', async () => {
    const { page } = await start('first')
    await signIn(page)
    const opened = await page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const events = new (globalThis as unknown as PageScope).EventSource('/api/events')
          events.onopen = () => {
            events.close()
            resolve(true)
          }
          events.onerror = () => resolve(false)
        }),
    )
    expect(opened).toBe(true)
    const { bytes } = phantomDicom({ seed: 7, index: 1, rows: 128, columns: 128 })
    const outgoing = await splitPart10(async function* () {
      yield bytes
    })
    await new AssociationRequester().sendInstances(
      { host: '127.0.0.1', port: instance.ports.dimse, calledAeTitle: 'LEADGLASS', callingAeTitle: 'FAULT' },
      [outgoing],
      () => undefined,
    )
    await page.getByRole('row').nth(1).waitFor()
  })

  it('gives a page no Node, no way out, no second window and no permission', async () => {
    const { page, console: desk } = await start('first')
    await page.getByLabel('Account').waitFor()
    const reach = await page.evaluate(async () => {
      const scope = globalThis as unknown as PageScope
      const policy = (await fetch('/')).headers.get('content-security-policy')
      const outside = await fetch('https://example.com/').then(
        () => 'reached',
        () => 'refused',
      )
      const camera = await scope.navigator.mediaDevices?.getUserMedia({ video: true }).then(
        () => 'granted',
        () => 'refused',
      )
      return {
        node: ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter((name) => name in scope),
        bridge: Object.keys(scope.leadglassDesk).sort(),
        policy,
        outside,
        camera: camera ?? 'refused',
        notification: await scope.Notification.requestPermission(),
        second: scope.open('https://example.com/'),
      }
    })
    expect(CONTENT_SECURITY_POLICY).not.toContain('unsafe')
    expect(reach).toEqual({
      node: [],
      bridge: ['facts', 'forget', 'mode', 'pair'],
      policy: CONTENT_SECURITY_POLICY,
      outside: 'refused',
      camera: 'refused',
      notification: 'denied',
      second: null,
    })
    await page.evaluate(() => {
      ;(globalThis as unknown as PageScope).location.href = 'https://example.com/'
    })
    await page.waitForTimeout(300)
    expect(page.url()).toMatch(/^app:\/\/console\//)
    expect(desk.windows()).toHaveLength(1)
    const preferences = await desk.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>
      }
      const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } = contents.getLastWebPreferences()
      return { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity }
    })
    expect(preferences).toEqual({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
    })
  })

  it('answers no file outside of its pages, and no other host', async () => {
    const { page } = await start('first')
    await page.getByLabel('Account').waitFor()
    const statuses = await page.evaluate(async () => {
      const paths = [
        '/pair/../main.js',
        '/..%2fmain.js',
        '/%2e%2e/preload.cjs',
        '/pair/..%5c..%5cmain.js',
        '/assets/%00.js',
        '/%ff.js',
        '/package.json',
      ]
      return Promise.all(paths.map(async (path) => (await fetch(path)).status))
    })
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404, 404])
    const other = await page.evaluate(() =>
      fetch('app://elsewhere/').then(
        ({ status }) => status,
        () => 'refused',
      ),
    )
    expect(other).toBe('refused')
  })

  it('goes into kiosk mode and out of it, and keeps that', async () => {
    const { page, console: desk } = await start('first')
    await page.getByLabel('Account').waitFor()
    const isKiosk = (): Promise<boolean | undefined> =>
      desk.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isKiosk())
    expect((await page.evaluate(() => (globalThis as unknown as PageScope).leadglassDesk.mode('kiosk'))).mode).toBe(
      'kiosk',
    )
    expect(await isKiosk()).toBe(true)
    expect((await page.evaluate(() => (globalThis as unknown as PageScope).leadglassDesk.mode('window'))).mode).toBe(
      'window',
    )
    expect(await isKiosk()).toBe(false)
  })
})
