import type { ShadowPort, ShadowVerdict } from '../activation/index.ts'
import type { ModelRow, Records } from '../records/index.ts'
import type { DeploymentCounter } from './counter.ts'
import type { DeploymentDesk } from './desk.ts'
import { DeploymentError } from './errors.ts'
import { guardrails } from './guardrails.ts'

const ITSELF = { kind: 'system', id: 'scoring' } as const

/** The shadow as activation uses it: the same work, counts and guardrails as when a person starts one. */
export class TrialShadow implements ShadowPort {
  readonly #records: Pick<Records, 'deployments'>
  readonly #desk: Pick<DeploymentDesk, 'start'>
  readonly #counter: Pick<DeploymentCounter, 'verdict' | 'stop'>

  constructor(
    records: Pick<Records, 'deployments'>,
    desk: Pick<DeploymentDesk, 'start'>,
    counter: Pick<DeploymentCounter, 'verdict' | 'stop'>,
  ) {
    this.#records = records
    this.#desk = desk
    this.#counter = counter
  }

  async begin({ name, version }: ModelRow, limits: Parameters<ShadowPort['begin']>[1]): Promise<void> {
    const { shadowStudies, maximumLatencyRatioMilli } = limits
    const rails = guardrails.parse({ minimumRuns: Math.max(1, shadowStudies), maximumLatencyRatioMilli })
    try {
      await this.#desk.start({ name, version, role: 'shadow', permille: 0, guardrails: rails }, ITSELF)
    } catch (cause) {
      // Started meanwhile by a person, or without a version in use now: the next look sees which.
      if (!(cause instanceof DeploymentError)) throw cause
    }
  }

  verdict({ digest, name }: ModelRow, since: number): ShadowVerdict {
    const { deployments } = this.#records
    const running = deployments.running(name).find((one) => one.digest === digest)
    if (running !== undefined) {
      return { kind: this.#counter.verdict(running).kind === 'holding' ? 'healthy' : 'gathering' }
    }
    const last = deployments.candidates(500).find((one) => one.digest === digest && one.startedAt >= since)
    if (last === undefined) return { kind: 'none' }
    if (last.reason === 'another-version-in-use') return { kind: 'moved' }
    return { kind: 'broken', why: `Beside the version in use it did not hold: ${last.reason ?? 'it was ended'}` }
  }

  end({ digest, name }: ModelRow): void {
    const running = this.#records.deployments.running(name).find((one) => one.digest === digest)
    if (running !== undefined) this.#counter.stop(running, 'ended', 'shadow-over', ['shadow-over'], ITSELF)
  }
}
