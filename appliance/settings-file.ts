import { readFile } from 'node:fs/promises'
import { digestOf, type Logger } from '@leadglass/sync-agent/foundation'
import { type Settings, settingsSchema } from './settings.ts'

const POLL_MS = 1000

/** `settings.json`, read again when it changes. A change that is not understood is not taken, and said. */
export class SettingsFile {
  readonly #path: string
  readonly #logger: Logger
  readonly #onChange: () => void
  #settings: Settings = settingsSchema.parse({})
  #seen = ''
  #timer: NodeJS.Timeout | undefined

  constructor(path: string, logger: Logger, onChange: () => void) {
    this.#path = path
    this.#logger = logger
    this.#onChange = onChange
  }

  /** Reads the file; without one the defaults hold. @throws when the file is there and is not understood. */
  async start(): Promise<void> {
    const text = await this.#read()
    if (text !== undefined) {
      this.#settings = settingsSchema.parse(JSON.parse(text))
      this.#seen = digestOf(text)
    }
    this.#timer = setInterval(() => {
      this.#look().catch(() => {
        this.#logger.error('settings.unreadable')
      })
    }, POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** The settings in force. */
  readonly current = (): Settings => this.#settings

  async #look(): Promise<void> {
    const text = await this.#read()
    if (text === undefined) return
    const digest = digestOf(text)
    if (digest === this.#seen) return
    this.#seen = digest
    const parsed = settingsSchema.safeParse(parseJson(text))
    if (!parsed.success) {
      const where = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
      this.#logger.error('settings.refused', { where })
      return
    }
    this.#settings = parsed.data
    this.#logger.info('settings.taken')
    this.#onChange()
  }

  async #read(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw cause
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
