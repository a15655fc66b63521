import type { BrowserWindowConstructorOptions, Session, WebContents } from 'electron'
import type { DeskMode } from './ipc.ts'

/** Scheme and host of the pages. */
export const ORIGIN = 'app://console'

/** True for addresses of the pages themselves; everything else is nowhere to go. */
export function isOwnAddress(address: string): boolean {
  try {
    const { protocol, host } = new URL(address)
    return `${protocol}//${host}` === ORIGIN
  } catch {
    return false
  }
}

/** How a window is made: the page runs in the sandbox, apart from the bridge, and reaches no Node. */
export function windowOptions(mode: DeskMode, preload: string, title: string): BrowserWindowConstructorOptions {
  return {
    title,
    width: 1440,
    height: 900,
    minWidth: 360,
    minHeight: 480,
    backgroundColor: '#101418',
    show: false,
    autoHideMenuBar: true,
    kiosk: mode === 'kiosk',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      enableWebSQL: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      disableDialogs: true,
    },
  }
}

/** Keeps a page where it is: no other address, no further window, no embedded content. */
export function confine(contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event) => {
    if (!isOwnAddress(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => {
    if (!isOwnAddress(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

type PermissionRules = Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'on'
>

/** Grants nothing (camera, clipboard, notifications, devices) and downloads nothing: the dialog would show the whole disk. */
export function denyPermissions(session: PermissionRules): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event) => event.preventDefault())
}
