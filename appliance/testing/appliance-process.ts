import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { ApplianceConfiguration } from '../configuration.ts'
import { applianceFolders } from '../folders.ts'
import { APPLIANCE_ENVIRONMENT, APPLIANCE_NODE_ARGUMENTS } from '../process-options.ts'

const ready = z.object({ ready: z.literal(true), dimse: z.number(), http: z.number() })
const MAIN = join(import.meta.dirname, '..', 'main.ts')

/** The real appliance as a child process, for tests that kill it. */
export class ApplianceProcess {
  readonly root: string
  readonly configuration: Omit<ApplianceConfiguration, 'device'> & { readonly device: string }
  readonly #tmpfsOptions: string | undefined
  #child: ChildProcess | undefined
  #ports = { dimse: 0, http: 0 }
  readonly log: string[] = []

  /** @param root an empty temporary folder. */
  constructor(
    root: string,
    overrides: {
      readonly workers?: number
      /** The data folder lies on a tmpfs of its own with these mount options, which only the appliance sees. */
      readonly tmpfsOptions?: string
    } = {},
  ) {
    this.root = root
    this.#tmpfsOptions = overrides.tmpfsOptions
    this.configuration = {
      device: 'test-box',
      dataFolder: join(root, 'appliance'),
      exchangeFolder: join(root, 'exchange'),
      host: '127.0.0.1',
      dimsePort: 0,
      httpPort: 0,
      aeTitle: 'LEADGLASS',
      softwareVersion: '0.1.0',
      workers: overrides.workers ?? 1,
      ...(overrides.tmpfsOptions === undefined ? {} : { settingsFile: join(root, 'settings.json') }),
    }
  }

  get dimsePort(): number {
    return this.#ports.dimse
  }

  /** Of the process as it runs now; 0 when it does not. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`
  }

  get folders(): ReturnType<typeof applianceFolders> {
    return applianceFolders(this.folderAsSeenInside)
  }

  /** The data folder as a path of ours, also where it is mounted for the appliance alone. */
  get folderAsSeenInside(): string {
    const { dataFolder } = this.configuration
    return this.#tmpfsOptions === undefined || this.pid === 0 ? dataFolder : `/proc/${this.pid}/root${dataFolder}`
  }

  /** Writes settings.json; a running appliance takes it within some seconds. */
  async writeSettings(settings: object): Promise<void> {
    await mkdir(this.configuration.dataFolder, { recursive: true })
    await writeFile(this.configuration.settingsFile ?? this.folders.settings, JSON.stringify(settings))
  }

  /** Starts the process and waits for its ready line. */
  async start(): Promise<void> {
    const path = join(this.root, 'config.json')
    await writeFile(path, JSON.stringify(this.configuration))
    const [program = '', ...args] = await this.#commandLine([
      process.execPath,
      ...APPLIANCE_NODE_ARGUMENTS,
      MAIN,
      '--config',
      path,
    ])
    const env = { ...process.env, ...APPLIANCE_ENVIRONMENT }
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    this.#child = child
    createInterface({ input: child.stderr }).on('line', (line) => this.log.push(line))
    const lines = createInterface({ input: child.stdout })
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => String(text)),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the appliance ended with ${String(code)} before it was ready: ${this.log.at(-1) ?? ''}`)
      }),
    ])
    this.#ports = ready.parse(JSON.parse(line))
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it in order. @returns the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  /** A request with the operator token. */
  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const response = await this.fetch(path)
    if (!response.ok) throw new Error(`${path} answered ${response.status}`)
    return schema.parse(await response.json())
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const token = (await readFile(this.folders.operatorToken, 'utf8')).trim()
    const headers = { authorization: `Bearer ${token}`, ...init.headers }
    return fetch(`${this.url}${path}`, { ...init, headers })
  }

  async #commandLine(command: readonly string[]): Promise<readonly string[]> {
    if (this.#tmpfsOptions === undefined) return command
    const { dataFolder } = this.configuration
    await mkdir(dataFolder, { recursive: true })
    const mount = `mount -t tmpfs -o ${this.#tmpfsOptions} tmpfs '${dataFolder}' && exec "$@"`
    return ['unshare', '-m', 'sh', '-c', mount, 'sh', ...command]
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = (await exited) as [number | null]
    return code
  }
}

/** Waits until `look` gives a value. @throws when it does not within the time. */
export async function eventually<T>(
  look: () => Promise<T | undefined> | T | undefined,
  what: string,
  withinMs = 30_000,
): Promise<T> {
  const until = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > until) throw new Error(`${what} did not come about within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
