import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { type ConsoleConnection, consoleConnection } from '../contract/console-pairing.ts'
import { type DeskMode, deskMode } from './ipc.ts'

const deskFile = z.strictObject({
  schema: z.literal('leadglass.desk/1'),
  mode: deskMode,
  connection: consoleConnection.nullable(),
})

/** What a desk keeps between two starts. Nothing of a person, a session or a study. */
export interface DeskSettings {
  readonly mode: DeskMode
  readonly connection: ConsoleConnection | null
}

const FRESH: DeskSettings = { mode: 'window', connection: null }

/** The settings of this desk in a file. */
export class DeskFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** A missing or damaged file is that of a desk that was never paired. @throws when it cannot be read at all. */
  async read(): Promise<DeskSettings> {
    const text = await readFile(this.#path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return ''
      throw cause
    })
    try {
      const { mode, connection } = deskFile.parse(JSON.parse(text))
      return { mode, connection }
    } catch {
      return FRESH
    }
  }

  /** A whole file or the one before: a power cut leaves no half of it. */
  async write({ mode, connection }: DeskSettings): Promise<void> {
    const temporary = `${this.#path}.new`
    const content = { schema: 'leadglass.desk/1', mode, connection }
    await writeFile(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true })
    await rename(temporary, this.#path).catch(async (cause: unknown) => {
      await rm(temporary, { force: true })
      throw cause
    })
  }
}
