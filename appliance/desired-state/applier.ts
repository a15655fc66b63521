import type { DesiredSection, DesiredSections, ReportedPart } from '@leadglass/sync-agent/contract'
import { type DeploymentDesk, DeploymentError } from '../deployment/index.ts'
import type { Records } from '../records/index.ts'
import { type RuleBook, RulesError } from '../rules/index.ts'
import type { SettingsDesk } from '../site-settings/index.ts'
import { placesOf, withPlaces } from './judge.ts'

/** The hub, as the audit log, the versions of the settings and the versions of the rules name it. */
export const HUB = { kind: 'system', id: 'hub' } as const

export interface ApplierDependencies {
  readonly desk: Pick<SettingsDesk, 'view' | 'judge' | 'apply'>
  readonly rules: Pick<RuleBook, 'activate'>
  readonly deployments: Pick<DeploymentDesk, 'promote' | 'newVersions'>
  readonly records: Pick<Records, 'models' | 'deployments'>
}

/**
 * The plan names this risk for any change of `retention`. The hub reaches the hours of a run only, never what is removed.
 */
const RULES_OF_RETENTION = 'retention-changed'

type Outcome = Pick<ReportedPart, 'state' | 'reason'>

const APPLIED: Outcome = { state: 'applied', reason: null }
const rejected = (reason: string): Outcome => ({ state: 'rejected', reason })
const waiting = (reason: string): Outcome => ({ state: 'waiting', reason })

/** Puts the sections of a desired state into force through the same doors that people use. Each can be done again. */
export class DesiredApplier {
  readonly #dependencies: ApplierDependencies

  constructor(dependencies: ApplierDependencies) {
    this.#dependencies = dependencies
  }

  /** @param version of the document, for the history of the rules. */
  async apply(section: DesiredSection, sections: DesiredSections, version: number): Promise<Outcome> {
    if (section === 'rules') return this.#rules(sections.rules ?? {}, version)
    if (section === 'assignments') return this.#assignments(sections.assignments ?? [])
    return this.#settings(section, sections)
  }

  /** Never past a risk that the plan names: those are for a person at the site to accept. */
  async #settings(section: DesiredSection, sections: DesiredSections): Promise<Outcome> {
    const { desk } = this.#dependencies
    const { version, digest } = desk.view()
    const before = JSON.parse(version?.content ?? '{}') as Record<string, unknown>
    const proposed = withPlaces(before, placesOf(section, sections))
    if (JSON.stringify(proposed) === JSON.stringify(before)) return APPLIED
    const judged = await desk.judge(proposed)
    if (judged.kind === 'invalid') return rejected('settings-invalid')
    const risks = judged.plan.remarks.filter(({ severity }) => severity === 'risk')
    const isHarmless = risks.every(({ code }) => code === RULES_OF_RETENTION)
    const outcome = await desk.apply(proposed, digest, isHarmless, HUB)
    if (outcome.kind === 'applied') return APPLIED
    if (outcome.kind === 'invalid') return rejected('settings-invalid')
    // Somebody changed the settings in the same moment: the next look sees the newer ones.
    return outcome.kind === 'stale' ? waiting('settings-changing') : rejected('risk-not-accepted')
  }

  #rules(file: unknown, version: number): Outcome {
    try {
      this.#dependencies.rules.activate(file, `Desired state ${version} of the hub`, HUB)
      return APPLIED
    } catch (cause) {
      if (!(cause instanceof RulesError)) throw cause
      return cause.code === 'rules-unchanged' ? APPLIED : rejected('rules-invalid')
    }
  }

  /**
   * Only a release that this appliance has verified itself can be chosen. Versions that come later wait for a person or
   * another choice; otherwise the next release would undo what was assigned.
   */
  async #assignments(wanted: NonNullable<DesiredSections['assignments']>): Promise<Outcome> {
    const { records, deployments } = this.#dependencies
    for (const { name, version, digest } of wanted) {
      const row = records.models.find(digest)
      if (row === undefined) return waiting('release-not-here')
      if (row.name !== name || row.version !== version) return rejected('release-differs')
      if (row.state === 'refused') return rejected('release-refused')
      if (!records.deployments.isAdmitted(digest)) return waiting('release-not-verified')
    }
    for (const { name, version, digest } of wanted) {
      if (records.deployments.newVersions(name) !== 'stage') deployments.newVersions(name, 'stage', HUB)
      if (records.models.find(digest)?.state === 'active') continue
      try {
        await deployments.promote(name, version, HUB)
      } catch (cause) {
        if (!(cause instanceof DeploymentError)) throw cause
        if (cause.code !== 'version-in-use') return rejected(cause.code)
      }
    }
    return APPLIED
  }
}
