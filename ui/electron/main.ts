import '../shared/no-eval.ts'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app, BrowserWindow, ipcMain, Menu, protocol, session } from 'electron'
import { z } from 'zod'
import { ApplianceProxy } from './appliance-proxy.ts'
import { DeskFile } from './connection-file.ts'
import { Desk } from './desk.ts'
import { type DeskMode, guardedHandlers } from './ipc.ts'
import { answerWithFile } from './page-files.ts'
import { confine, denyPermissions, isOwnAddress, ORIGIN, windowOptions } from './window-rules.ts'

const FOLDER = dirname(fileURLToPath(import.meta.url))
/** Written when the package is made. */
const packaged = z
  .object({ version: z.string(), leadglassRelease: z.enum(['release', 'not-for-release']).default('not-for-release') })
  .parse(JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')))
const TITLE =
  packaged.leadglassRelease === 'release' ? 'Leadglass console' : 'Leadglass console (test build: NOT FOR RELEASE)'
/** Switches that let somebody else drive the pages; a packaged console does not start with them. */
const FOREIGN_SWITCHES = ['remote-debugging-port', 'remote-debugging-pipe', 'inspect', 'inspect-brk', 'js-flags']
/** A release never starts outside of the sandbox; tests run as root, to whom Chromium refuses it. */
const REFUSED_SWITCHES =
  packaged.leadglassRelease === 'release' ? [...FOREIGN_SWITCHES, 'no-sandbox'] : FOREIGN_SWITCHES

protocol.registerSchemesAsPrivileged([
  { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } },
])
if (app.isPackaged && REFUSED_SWITCHES.some((name) => app.commandLine.hasSwitch(name))) {
  process.stderr.write('leadglass-console: a switch would let another program in; it does not start\n')
  app.exit(2)
}
// A second console would show the same appliance with a session of its own, behind the first.
if (!app.requestSingleInstanceLock()) app.exit(0)

const proxy = new ApplianceProxy()
let window: BrowserWindow | undefined
const desk = new Desk({
  file: new DeskFile(join(app.getPath('userData'), 'desk.json')),
  proxy,
  version: packaged.version,
  release: packaged.leadglassRelease,
  show: (mode) => window?.setKiosk(mode === 'kiosk'),
})

// Chromium refuses its sandbox to root; every window asks for it all the same (`windowOptions`).
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
app.on('web-contents-created', (_event, contents) => confine(contents))
app.on('second-instance', () => {
  if (window?.isMinimized() === true) window.restore()
  window?.focus()
})
app.on('window-all-closed', () => app.quit())

// Not awaited here: an application becomes ready only after its module has run to the end.
app.whenReady().then(begin, (error: unknown) => {
  process.stderr.write(`leadglass-console: ${String(error)}\n`)
  app.exit(1)
})

/** Opens the window, when nothing from outside can reach it any more. */
async function begin(): Promise<void> {
  await desk.start()
  denyPermissions(session.defaultSession)
  Menu.setApplicationMenu(null)
  protocol.handle('app', async (request) => {
    const { pathname, host } = new URL(request.url)
    if (host !== 'console') return new Response('not found', { status: 404 })
    if (pathname.startsWith('/api/')) return proxy.answer(request)
    if (pathname === '/pair' || pathname.startsWith('/pair/')) {
      return answerWithFile(join(FOLDER, 'pair'), pathname.slice('/pair'.length) || '/')
    }
    return answerWithFile(join(FOLDER, 'console'), pathname)
  })
  for (const [channel, answer] of guardedHandlers(desk.handlers)) {
    ipcMain.handle(channel, (event, ...given: unknown[]) => {
      // A page that came from elsewhere has no say, whatever it knows of the contract.
      if (event.senderFrame === null || !isOwnAddress(event.senderFrame.url)) throw new Error('refused')
      return answer(given)
    })
  }
  await open(desk.facts.mode)
}

async function open(mode: DeskMode): Promise<void> {
  window = new BrowserWindow(windowOptions(mode, join(FOLDER, 'preload.cjs'), TITLE))
  window.on('page-title-updated', (event) => event.preventDefault())
  window.once('ready-to-show', () => window?.show())
  await window.loadURL(`${ORIGIN}/${desk.isPaired ? '' : 'pair/'}`)
}
