import type { Progress } from '../cli/progress.ts'
import { type Judgement, judge } from '../harness/report.ts'

/** One step of the story: what it counted and how long it took. */
export interface RehearsalStep {
  readonly step: string
  readonly seconds: number
  readonly facts: Readonly<Record<string, string | number>>
}

/** Keeps what happened, in order, and what must agree. */
export class RehearsalRecord {
  readonly steps: RehearsalStep[] = []
  readonly checks: Judgement[] = []
  readonly #progress: Progress

  constructor(progress: Progress) {
    this.#progress = progress
  }

  /** Runs a step; its facts stand in the report beside the time it took. */
  async step<Facts extends Readonly<Record<string, string | number>>>(
    title: string,
    act: () => Promise<Facts>,
  ): Promise<Facts> {
    this.#progress.step(title)
    const started = performance.now()
    const facts = await act()
    this.steps.push({ step: title, seconds: Math.round(performance.now() - started) / 1000, facts })
    return facts
  }

  /** Two counts that must be the same. */
  agree(name: string, value: number, expected: number): void {
    this.checks.push(judge(name, value, `== ${expected}`))
  }

  /** A figure that must not be below a limit. */
  atLeast(name: string, value: number, limit: number): void {
    this.checks.push(judge(name, value, `>= ${limit}`))
  }
}
