import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { Execution } from './execution.ts'
import {
  executionOf,
  type PlanInForce,
  readScoringPlan,
  type ScoringPlan,
  scoringPlan,
  writeScoringPlan,
} from './plan.ts'

const CHILD = join(import.meta.dirname, 'tune-child.ts')
const MOST_OUTPUT = 1_000_000

/** Times in milliseconds. */
export interface FirstPlanTimes {
  /** How long the box must have been idle before anything is measured. */
  readonly idleMs: number
  readonly lookMs: number
  /** No further trial begins after this. */
  readonly budgetMs: number
  /** The measuring process is ended after this, whatever it does. */
  readonly longestMs: number
}

export const defaultFirstPlanTimes: FirstPlanTimes = {
  idleMs: 45_000,
  lookMs: 1000,
  budgetMs: 20_000,
  longestMs: 90_000,
}

export interface FirstPlanDependencies {
  readonly planFile: string
  readonly programRoot: string
  /** A package for radiographs to measure with. */
  readonly packageFolder: string
  /** Images of a trial. */
  readonly images: number
  /** True while nothing is received, waits or is worked on. */
  readonly isIdle: () => boolean
  /** Puts a plan to work; false when it has to wait for the next start. */
  readonly adopt: (workers: number, execution: Execution) => Promise<boolean>
  readonly clock: Clock
  readonly logger: Logger
  readonly times: FirstPlanTimes
}

/**
 * Measures a short plan by itself on a box that has none, once the box is ready and rests. Work that comes ends the
 * measurement at once; it begins anew when the box rests again. A box that has a plan is left alone.
 */
export class FirstPlan implements Service {
  readonly #dependencies: FirstPlanDependencies
  #timer: NodeJS.Timeout | undefined
  #child: ChildProcess | undefined
  #idleSince: number | undefined
  #isDone = false

  constructor(dependencies: FirstPlanDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    const { planFile, times } = this.#dependencies
    if (!isNeeded(readScoringPlan(planFile))) return
    this.#timer = setInterval(() => this.#look(), times.lookMs)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isDone = true
    this.#child?.kill('SIGKILL')
  }

  #look(): void {
    const { isIdle, clock, logger, times } = this.#dependencies
    if (!isIdle()) {
      this.#idleSince = undefined
      if (this.#child !== undefined) logger.info('scoring.first-plan-yields')
      this.#child?.kill('SIGKILL')
      return
    }
    this.#idleSince ??= clock.now()
    if (this.#child === undefined && clock.now() - this.#idleSince >= times.idleMs) void this.#measure()
  }

  async #measure(): Promise<void> {
    const { planFile, adopt, logger } = this.#dependencies
    const started = performance.now()
    const output = await this.#run()
    this.#child = undefined
    this.#idleSince = undefined
    if (this.#isDone) return
    const plan = parsed(output)
    if (plan === undefined) return
    // A person may have measured meanwhile: what a person stored stands.
    if (isNeeded(readScoringPlan(planFile))) {
      await writeScoringPlan(planFile, plan)
      const adopted = await adopt(plan.workers, executionOf(plan))
      const { workers, threads, batch, provider } = plan
      const ms = Math.round(performance.now() - started)
      logger.info('scoring.first-plan', { workers, threads, batch, provider, adopted, ms })
    }
    this.#isDone = true
    clearInterval(this.#timer)
  }

  /** What the measuring process printed; '' when it was ended. */
  #run(): Promise<string> {
    const { programRoot, packageFolder, images, times, logger } = this.#dependencies
    const options = {
      root: programRoot,
      package: packageFolder,
      images: String(images),
      budget: String(times.budgetMs),
    }
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
    const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'], env: {} })
    this.#child = child
    const timer = setTimeout(() => child.kill('SIGKILL'), times.longestMs)
    return new Promise((resolve) => {
      let text = ''
      child.stdout?.on('data', (piece: Buffer) => {
        if (text.length < MOST_OUTPUT) text += piece.toString('utf8')
      })
      child.on('error', () => resolve(''))
      child.on('close', (code, signal) => {
        clearTimeout(timer)
        if (code !== 0 && signal === null) logger.warn('scoring.first-plan-failed', { code: code ?? -1 })
        resolve(code === 0 ? text : '')
      })
    })
  }
}

function isNeeded(found: PlanInForce): boolean {
  return found.kind === 'none'
}

function parsed(output: string): ScoringPlan | undefined {
  try {
    const plan = scoringPlan.safeParse(JSON.parse(output))
    return plan.success ? plan.data : undefined
  } catch {
    return undefined
  }
}
