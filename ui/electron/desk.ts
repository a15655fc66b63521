import { readPairingText } from '../contract/console-pairing.ts'
import type { ApplianceProxy } from './appliance-proxy.ts'
import type { DeskFile, DeskSettings } from './connection-file.ts'
import type { DeskFacts, DeskHandlers, DeskMode, PairingOutcome } from './ipc.ts'
import { connectPinned, PinnedConnectionError } from './pinned-connection.ts'

/** What a desk works with. */
export interface DeskParts {
  readonly file: DeskFile
  readonly proxy: Pick<ApplianceProxy, 'use'>
  readonly version: string
  readonly release: DeskFacts['release']
  /** Shows the window as the mode says. */
  readonly show: (mode: DeskMode) => void
}

/** One console on one desk: which appliance it talks to and how it shows itself. */
export class Desk {
  readonly #parts: DeskParts
  #settings: DeskSettings = { mode: 'window', connection: null }
  #changing: Promise<void> = Promise.resolve()

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  /** Takes up what was kept at the last start. */
  async start(): Promise<void> {
    this.#settings = await this.#parts.file.read()
    this.#parts.proxy.use(this.#settings.connection ?? undefined)
  }

  get isPaired(): boolean {
    return this.#settings.connection !== null
  }

  get facts(): DeskFacts {
    const { mode, connection } = this.#settings
    const { version, release } = this.#parts
    return { version, release, mode, appliance: connection === null ? null : `${connection.host}:${connection.port}` }
  }

  /** What pages may ask. */
  readonly handlers: DeskHandlers = {
    'desk:facts': async () => this.facts,
    'desk:mode': async (mode) => {
      await this.#change((settings) => ({ ...settings, mode }))
      this.#parts.show(mode)
      return this.facts
    },
    'desk:pair': (text) => this.#pair(text),
    'desk:forget': async () => {
      await this.#change((settings) => ({ ...settings, connection: null }))
      return this.facts
    },
  }

  async #pair(text: string): Promise<PairingOutcome> {
    const connection = readPairingText(text)
    if (connection === undefined) return { outcome: 'unreadable' }
    try {
      ;(await connectPinned(connection)).destroy()
    } catch (error) {
      return { outcome: error instanceof PinnedConnectionError ? error.code : 'unreachable' }
    }
    await this.#change((settings) => ({ ...settings, connection }))
    return { outcome: 'paired', facts: this.facts }
  }

  /** One change after the other, each of what the one before left. */
  #change(update: (settings: DeskSettings) => DeskSettings): Promise<void> {
    const next = this.#changing.then(() => this.#apply(update(this.#settings)))
    this.#changing = next.catch(() => undefined)
    return next
  }

  async #apply(settings: DeskSettings): Promise<void> {
    await this.#parts.file.write(settings)
    const isElsewhere = JSON.stringify(settings.connection) !== JSON.stringify(this.#settings.connection)
    this.#settings = settings
    if (isElsewhere) this.#parts.proxy.use(settings.connection ?? undefined)
  }
}
