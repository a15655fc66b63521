import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../foundation/index.ts'
import { ConformanceClient } from './client.ts'
import { Simulator } from './simulator.ts'

/** The time at which every case begins. */
export const NOW = Date.parse('2026-11-22T12:00:00Z')
export const DAY = 86_400_000

/** One case: a client whose every command is a new one on the same folders, and the repository that it talks to. */
export class Runner {
  readonly clock = new ManualClock(NOW)
  readonly repository: Simulator
  readonly #folder: string
  readonly #url: string

  private constructor(folder: string, url: string, repository: Simulator) {
    this.#folder = folder
    this.#url = url
    this.repository = repository
  }

  static async create(): Promise<Runner> {
    const folder = await mkdtemp(join(tmpdir(), 'leadglass-conformance-'))
    for (const name of ['metadata', 'targets']) await mkdir(join(folder, name))
    const repository = new Simulator(NOW)
    return new Runner(folder, await repository.start(), repository)
  }

  async dispose(): Promise<void> {
    await this.repository.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Provisions the client with the first published root, or with other bytes. */
  async init(root?: Uint8Array): Promise<void> {
    const path = join(this.#folder, 'initial_root.json')
    await writeFile(path, root ?? this.repository.published.get('root')?.[0] ?? '')
    await this.#client().init(path)
  }

  /** @returns true when the whole workflow succeeded. */
  refresh(): Promise<boolean> {
    return succeeds(this.#client().refresh(`${this.#url}/metadata/`))
  }

  download(...paths: string[]): Promise<boolean> {
    const folder = join(this.#folder, 'targets')
    return succeeds(this.#client().download(`${this.#url}/metadata/`, `${this.#url}/targets/`, folder, paths))
  }

  /** Trusted roles and their versions, `role@version`, in order of file name. */
  async trusted(): Promise<string[]> {
    const names = (await readdir(join(this.#folder, 'metadata'))).filter((name) => name.endsWith('.json')).sort()
    return Promise.all(names.map(async (name) => `${name.slice(0, -5)}@${await this.version(name.slice(0, -5))}`))
  }

  async version(role: string): Promise<number | undefined> {
    const bytes = await this.bytes(role)
    if (bytes === undefined) return undefined
    return (JSON.parse(bytes.toString()) as { signed: { version: number } }).signed.version
  }

  bytes(role: string): Promise<Buffer | undefined> {
    return readFile(join(this.#folder, 'metadata', `${role}.json`)).catch(() => undefined)
  }

  /** Contents of what was downloaded, oldest first. */
  async downloaded(): Promise<string[]> {
    const folder = join(this.#folder, 'targets')
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const path = join(folder, name)
        return { at: (await stat(path)).mtimeMs, content: await readFile(path, 'utf8') }
      }),
    )
    return files.sort((a, b) => a.at - b.at).map((file) => file.content)
  }

  #client(): ConformanceClient {
    return new ConformanceClient({ metadataDir: join(this.#folder, 'metadata'), clock: this.clock })
  }
}

/** One behaviour of a conforming client. `run` throws, by the given `expect`, when it is not shown. */
export interface ConformanceCase {
  readonly name: string
  readonly run: (runner: Runner) => Promise<void>
}

function succeeds(act: Promise<void>): Promise<boolean> {
  return act.then(
    () => true,
    () => false,
  )
}
