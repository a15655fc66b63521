import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { executionProvider } from './execution.ts'
import type { ProviderProbe } from './providers.ts'

const CHILD = join(import.meta.dirname, 'probe-child.ts')
const LONGEST_MS = 60_000

const probes = z.array(z.strictObject({ provider: executionProvider, available: z.boolean(), detail: z.string() }))

/** What the probe of this start found, and when; null until it has. */
export interface FoundProviders {
  readonly at: number
  readonly providers: readonly ProviderProbe[]
}

/** Tries every provider once at each start, beside the start itself, and remembers what loads. */
export class StartProbe implements Service {
  readonly #clock: Clock
  readonly #logger: Logger
  #child: ChildProcess | undefined
  #found: FoundProviders | null = null

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock
    this.#logger = logger
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [CHILD], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {},
      timeout: LONGEST_MS,
    })
    this.#child = child
    let text = ''
    child.stdout.on('data', (piece: Buffer) => {
      text += piece.toString('utf8').slice(0, 10_000)
    })
    child.on('error', () => undefined)
    child.on('close', () => this.#take(text))
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGKILL')
  }

  /** Null while the probe runs, and where it gave no answer. */
  found(): FoundProviders | null {
    return this.#found
  }

  #take(text: string): void {
    const parsed = probes.safeParse(jsonOf(text))
    if (!parsed.success) return
    this.#found = { at: this.#clock.now(), providers: parsed.data }
    const loads = parsed.data.filter(({ available }) => available).map(({ provider }) => provider)
    this.#logger.info('scoring.providers', { loads: loads.join(',') })
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
