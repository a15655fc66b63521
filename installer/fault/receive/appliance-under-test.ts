import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { initialiseAppliance } from '@leadglass/appliance/commands'
import { deviceId } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'

/** The program that is put to the test. */
export const APPLIANCE_PROGRAM = resolve(import.meta.dirname, '..', '..', '..', 'appliance', 'main.ts')

const DEVICE = deviceId.parse('fault-box')
const READY = z.object({ ready: z.literal(true), dimse: z.number().int() })
const READY_WITHIN_MS = 120_000
const STOP_WITHIN_MS = 30_000
const STARTS = 3

/** Nothing but intake works while a fault is inflicted: a study is complete after an hour. */
const SETTINGS = { assembly: { quietMs: 3_600_000, idleMs: 3_600_000, capMs: 86_400_000 } }

/** Where an appliance under test lives, and how it is told so. */
export interface ApplianceSite {
  readonly dataFolder: string
  readonly exchangeFolder: string
  readonly configurationFile: string
}

/** How a site differs from one on this machine. */
export interface SiteOverrides {
  readonly minimumFreeBytes?: number
  /** Callers that may send from another address than loopback. */
  readonly callers?: readonly { readonly aeTitle: string; readonly addresses: string[] }[]
}

/** Makes the folders, secrets, settings and configuration of an appliance of its own, below `root`. */
export async function prepareSite(root: string, overrides: SiteOverrides = {}): Promise<ApplianceSite> {
  const site = {
    dataFolder: join(root, 'appliance'),
    exchangeFolder: join(root, 'exchange'),
    configurationFile: join(root, 'config.json'),
  }
  await mkdir(root, { recursive: true })
  await initialiseAppliance({
    folder: site.dataFolder,
    device: DEVICE,
    accounts: [],
    settings: {
      ...SETTINGS,
      callers: [...(overrides.callers ?? [])],
      limits: { minimumFreeBytes: overrides.minimumFreeBytes ?? 0 },
    },
  })
  await writeFile(site.configurationFile, JSON.stringify(configurationOf(site.dataFolder, site.exchangeFolder)))
  return site
}

/** A configuration on free ports of loopback, or on given ones of a given address. */
export function configurationOf(
  dataFolder: string,
  exchangeFolder: string,
  at: { readonly host: string; readonly dimsePort: number; readonly httpPort: number } = {
    host: '127.0.0.1',
    dimsePort: 0,
    httpPort: 0,
  },
): object {
  return {
    device: DEVICE,
    dataFolder,
    exchangeFolder,
    ...at,
    aeTitle: 'LEADGLASS',
    softwareVersion: '0.1.0',
    workers: 1,
  }
}

/** The real appliance as a child process that is killed, injected into and started again. */
export class ApplianceUnderTest {
  readonly #site: ApplianceSite
  readonly #environment: NodeJS.ProcessEnv
  readonly #wrapper: readonly string[]
  #child: ChildProcess | undefined
  #port = 0
  /** The last lines that it wrote to stderr. */
  readonly log: string[] = []

  /** @param wrapper a program and its arguments that starts the appliance, such as `strace -f`. */
  constructor(site: ApplianceSite, environment: NodeJS.ProcessEnv = {}, wrapper: readonly string[] = []) {
    this.#site = site
    this.#environment = environment
    this.#wrapper = wrapper
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Starts it on the data it has and waits until it is ready. @throws InstallerError `process-failed`. */
  async start(): Promise<void> {
    const [program = process.execPath, ...args] = [
      ...this.#wrapper,
      process.execPath,
      APPLIANCE_PROGRAM,
      '--config',
      this.#site.configurationFile,
    ]
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    })
    this.#child = child
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line)
      if (this.log.length > 200) this.log.shift()
    })
    const ended = once(child, 'exit').then(() => undefined)
    const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text))
    const late = AbortSignal.timeout(READY_WITHIN_MS)
    const first = await Promise.race([line, ended, once(late, 'abort').then(() => undefined)])
    if (first === undefined) {
      await this.kill()
      throw new InstallerError('process-failed', {
        message: `the appliance was not ready: ${this.log.slice(-3).join(' | ')}`,
        effect: 'what it holds cannot be compared',
        nextStep: 'read the message; an appliance must start on whatever a fault has left',
      })
    }
    this.#port = READY.parse(JSON.parse(first)).dimse
  }

  /**
   * Starts it as a supervisor does: again, when it ended before it was ready.
   * @param onFailure told of each start that failed.
   * @throws InstallerError `process-failed` when it never gets ready.
   */
  async startSupervised(onFailure: (message: string) => void): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.start()
        return
      } catch (error) {
        if (tries === STARTS) throw error
        onFailure(error instanceof Error ? error.message : 'the appliance did not start')
      }
    }
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Ends it in order, or without warning when it does not end in time. @returns its exit status. */
  async stop(): Promise<number | null> {
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_WITHIN_MS)
    try {
      return await this.#end('SIGTERM')
    } finally {
      clearTimeout(late)
    }
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }
}
