import type { ThrowawayInstance } from '../start/throwaway.ts'

const NAMES = ['hub', 'agent', 'appliance'] as const
type ProcessName = (typeof NAMES)[number]

/** Pauses between two kills, in milliseconds: long enough for a restart, short enough to hit every stage of the work. */
const PAUSE = { shortest: 500, longest: 6000 }

/** Kills random processes of one instance with SIGKILL until it is told to stop. Only process ids of that instance. */
export class Killer {
  readonly #instance: ThrowawayInstance
  readonly #random: () => number
  readonly kills: Record<ProcessName, number> = { hub: 0, agent: 0, appliance: 0 }
  #running: Promise<void> | undefined
  #stopping = false

  constructor(instance: ThrowawayInstance, random: () => number) {
    this.#instance = instance
    this.#random = random
  }

  /** Begins to kill. */
  start(): void {
    this.#running = this.#run()
  }

  /** Stops; no process is killed after this resolves. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  async #run(): Promise<void> {
    for (;;) {
      await new Promise((resolve) =>
        setTimeout(resolve, PAUSE.shortest + this.#random() * (PAUSE.longest - PAUSE.shortest)),
      )
      if (this.#stopping) return
      const name = NAMES[Math.floor(this.#random() * NAMES.length)] ?? 'appliance'
      const pid = await this.#instance.pidOf(name)
      if (pid !== undefined && kill(pid)) this.kills[name] += 1
    }
  }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself a moment ago; the supervisor starts it again.
    return false
  }
}

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
