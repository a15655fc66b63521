import { describe, expect, it } from 'vitest'
import { confine, denyPermissions, isOwnAddress, windowOptions } from './window-rules.ts'

describe('the rules of windows', () => {
  it.each([
    ['app://console/', true],
    ['app://console/study/1?x=1#y', true],
    ['app://console.evil/', false],
    ['app://evil/console', false],
    ['https://console/', false],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)', false],
    ['data:text/html,x', false],
    ['about:blank', false],
    ['', false],
  ])('%s is an address of the pages: %s', (address, own) => {
    expect(isOwnAddress(address)).toBe(own)
  })

  it('keep a page in the sandbox in both modes', () => {
    for (const mode of ['window', 'kiosk'] as const) {
      const options = windowOptions(mode, '/preload.cjs', 'title')
      expect(options.kiosk).toBe(mode === 'kiosk')
      expect(options.webPreferences).toMatchObject({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
      })
    }
  })

  it('prevent every way to another address', () => {
    const listeners = new Map<string, (event: { url: string; preventDefault(): void }) => void>()
    let opened: unknown
    const contents: unknown = {
      on(name: string, listener: never) {
        listeners.set(name, listener)
        return this
      },
      setWindowOpenHandler(handler: (details: never) => unknown) {
        opened = handler({} as never)
      },
    }
    confine(contents as Parameters<typeof confine>[0])
    const isPrevented = (name: string, url: string): boolean => {
      let prevented = false
      listeners.get(name)?.({
        url,
        preventDefault() {
          prevented = true
        },
      })
      return prevented
    }
    expect(opened).toEqual({ action: 'deny' })
    for (const name of ['will-navigate', 'will-redirect']) {
      expect([isPrevented(name, 'https://evil/'), isPrevented(name, 'app://console/x')]).toEqual([true, false])
    }
    expect(isPrevented('will-attach-webview', '')).toBe(true)
  })

  it('grant no permission and no download from elsewhere', () => {
    const said: Record<string, unknown> = {}
    let download: ((event: { preventDefault(): void }, item: { getURL(): string }) => void) | undefined
    const session: unknown = {
      setPermissionRequestHandler(
        handler: (contents: unknown, name: string, decide: (granted: boolean) => void) => void,
      ) {
        handler(undefined, 'media', (granted) => {
          said.request = granted
        })
      },
      setPermissionCheckHandler(handler: () => boolean) {
        said.check = handler()
      },
      setDevicePermissionHandler(handler: () => boolean) {
        said.device = handler()
      },
      on(_name: string, listener: never) {
        download = listener
        return this
      },
    }
    denyPermissions(session as Parameters<typeof denyPermissions>[0])
    expect(said).toEqual({ request: false, check: false, device: false })
    const isPrevented = (url: string): boolean => {
      let prevented = false
      const event = {
        preventDefault() {
          prevented = true
        },
      }
      download?.(event, { getURL: () => url })
      return prevented
    }
    expect(
      ['https://evil/a', 'app://console/a', 'blob:app://console/1', 'blob:https://evil/1'].map(isPrevented),
    ).toEqual([true, true, true, true])
  })
})
