import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, silentLogger } from '../../foundation/index.ts'
import type { RepositoryFetcher } from '../fetcher.ts'
import { FileHighWaterMarks } from '../file-high-water-marks.ts'
import type { UpdateOutcome, VerifiedOutcome } from '../outcome.ts'
import { UpdateClient } from '../update-client.ts'
import { type VerifyKitOptions, verifyKit } from '../verify-kit.ts'
import { FakeRepository, fakePackage } from './fake-repository.ts'
import { MemoryFetcher, MemoryHighWaterMarks } from './memory.ts'

/** The time at which every test begins. */
export const NOW = Date.parse('2026-11-22T12:00:00Z')
export const DAY = 86_400_000

/** A repository with one release, and a site that follows it: an agent and an appliance on real files. */
export class Site {
  readonly folder: string
  readonly clock = new ManualClock(NOW)
  repository = new FakeRepository(NOW)
  applianceMarks = new MemoryHighWaterMarks()
  /** Root and policy as provisioned: nothing later changes them. */
  pinned: Pick<VerifyKitOptions, 'initialRoot' | 'policy'>

  private constructor(folder: string) {
    this.folder = folder
    this.repository.list(fakePackage({}))
    this.repository.publish()
    this.pinned = this.repository
  }

  static async create(): Promise<Site> {
    const site = new Site(await mkdtemp(join(tmpdir(), 'leadglass-site-')))
    site.provision()
    return site
  }

  async dispose(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Pins the repository as it is now. */
  provision(): void {
    this.pinned = { initialRoot: this.repository.initialRoot, policy: this.repository.policy }
  }

  at(...names: string[]): string {
    return join(this.folder, ...names)
  }

  /** One attempt of a freshly started agent. */
  refresh(fetcher: RepositoryFetcher = new MemoryFetcher(this.repository.files)): Promise<UpdateOutcome> {
    return new UpdateClient({
      ...this.pinned,
      fetcher,
      stateFolder: this.at('agent'),
      kitFolder: this.at('kit'),
      highWaterMarks: new FileHighWaterMarks({ folder: this.at('agent'), logger: silentLogger }),
      clock: this.clock,
      logger: silentLogger,
    }).refresh()
  }

  /** The appliance's verdict on the kit as it lies there. */
  verify(): Promise<UpdateOutcome> {
    return verifyKit({
      ...this.pinned,
      kitFolder: this.at('kit'),
      stateFolder: this.at('appliance'),
      highWaterMarks: this.applianceMarks,
      clock: this.clock,
      logger: silentLogger,
    })
  }

  /** What both sides say of the repository; the appliance reads it as if the agent had copied it unseen. */
  async bothSides(): Promise<[string, string]> {
    const agent = attackOf(await this.refresh())
    await this.repository.writeTo(this.at('kit'))
    return [agent, attackOf(await this.verify())]
  }

  /** What both sides say, with the sentences that an operator reads. */
  async bothSee(): Promise<readonly Sighting[]> {
    const agent = await this.agentSees()
    await this.repository.writeTo(this.at('kit'))
    return [agent, await this.applianceSees()]
  }

  async agentSees(fetcher?: RepositoryFetcher): Promise<Sighting> {
    return sightingOf('agent', await this.refresh(fetcher))
  }

  async applianceSees(): Promise<Sighting> {
    return sightingOf('appliance', await this.verify())
  }

  /** Publishes a second release of the same model. */
  publishSecond(): void {
    this.repository.list(fakePackage({ version: '1.1.0', releaseCounter: 2 }))
    this.repository.next('approvedModels', 'snapshot', 'timestamp')
    this.repository.publish()
  }
}

/** What one side of a site said of a repository or kit. */
export interface Sighting {
  readonly side: 'agent' | 'appliance'
  /** The attack or the reason, or `verified`. */
  readonly code: string
  /** What an operator reads; empty when verified. */
  readonly message: string
  /** Versions that this side would install. */
  readonly installs: readonly string[]
}

function sightingOf(side: Sighting['side'], outcome: UpdateOutcome): Sighting {
  const code = attackOf(outcome)
  if (outcome.kind !== 'verified') return { side, code, message: outcome.message, installs: [] }
  return {
    side,
    code,
    message: outcome.refused.map((refusal) => refusal.message).join(' '),
    installs: outcome.releases.map((release) => release.model.version),
  }
}

/** The outcome as verified. @throws with the outcome when it is not. */
export function verified(outcome: UpdateOutcome): VerifiedOutcome {
  if (outcome.kind !== 'verified') throw new Error(`not verified: ${JSON.stringify(outcome)}`)
  return outcome
}

/** The attack or reason of an outcome, those of refused releases, or `verified`. */
export function attackOf(outcome: UpdateOutcome): string {
  if (outcome.kind === 'verified') return outcome.refused.map((refusal) => refusal.attack).join() || 'verified'
  return outcome.kind === 'refused' ? outcome.attack : outcome.reason
}
