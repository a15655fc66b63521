import type { DesiredSection, DesiredSections } from '@leadglass/sync-agent/contract'
import type { Activator } from '../activation/index.ts'
import type { DeploymentDesk } from '../deployment/index.ts'
import type { Records } from '../records/index.ts'
import { type RuleBook, RulesError } from '../rules/index.ts'
import type { SettingsDesk } from '../site-settings/index.ts'
import type { HubCommands } from './commands.ts'
import { placesOf, withPlaces } from './judge.ts'
import { applied, HUB, type Outcome, rejected, waiting } from './outcome.ts'

export interface ApplierDependencies {
  readonly desk: Pick<SettingsDesk, 'view' | 'judge' | 'apply'>
  readonly rules: Pick<RuleBook, 'activate'>
  readonly deployments: Pick<DeploymentDesk, 'newVersions'>
  readonly activator: Pick<Activator, 'assign'>
  readonly records: Pick<Records, 'models' | 'deployments'>
  readonly commands: Pick<HubCommands, 'command' | 'backfill'>
}

/**
 * The plan names this risk for any change of `retention`. The hub reaches the hours of a run only, never what is removed.
 */
const RULES_OF_RETENTION = 'retention-changed'

/** Puts the sections of a desired state into force through the same doors that people use. Each can be done again. */
export class DesiredApplier {
  readonly #dependencies: ApplierDependencies

  constructor(dependencies: ApplierDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * @param version of the document, for the history of the rules.
   * @param notedAt when the document was noted here, milliseconds since 1970.
   */
  async apply(section: DesiredSection, sections: DesiredSections, version: number, notedAt: number): Promise<Outcome> {
    const { commands } = this.#dependencies
    if (section === 'command' && sections.command !== undefined) return commands.command(sections.command)
    if (section === 'backfill' && sections.backfill !== undefined) return commands.backfill(sections.backfill, notedAt)
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
    if (JSON.stringify(proposed) === JSON.stringify(before)) return applied
    const judged = await desk.judge(proposed)
    if (judged.kind === 'invalid') return rejected('settings-invalid')
    const risks = judged.plan.remarks.filter(({ severity }) => severity === 'risk')
    const isHarmless = risks.every(({ code }) => code === RULES_OF_RETENTION)
    const outcome = await desk.apply(proposed, digest, isHarmless, HUB)
    if (outcome.kind === 'applied') return applied
    if (outcome.kind === 'invalid') return rejected('settings-invalid')
    // Somebody changed the settings in the same moment: the next look sees the newer ones.
    return outcome.kind === 'stale' ? waiting('settings-changing') : rejected('risk-not-accepted')
  }

  #rules(file: unknown, version: number): Outcome {
    try {
      this.#dependencies.rules.activate(file, `Desired state ${version} of the hub`, HUB)
      return applied
    } catch (cause) {
      if (!(cause instanceof RulesError)) throw cause
      return cause.code === 'rules-unchanged' ? applied : rejected('rules-invalid')
    }
  }

  /**
   * Only a release that this appliance has verified itself can be chosen. Versions that come later wait for a person or
   * another choice; otherwise the next release would undo what was assigned.
   */
  async #assignments(wanted: NonNullable<DesiredSections['assignments']>): Promise<Outcome> {
    const { records, deployments, activator } = this.#dependencies
    for (const { name, version, digest } of wanted) {
      const row = records.models.find(digest)
      if (row === undefined) return waiting('release-not-here')
      if (row.name !== name || row.version !== version) return rejected('release-differs')
      if (row.state === 'refused') return rejected('release-refused')
      if (!records.deployments.isAdmitted(digest)) return waiting('release-not-verified')
    }
    for (const { name } of wanted) {
      if (records.deployments.newVersions(name) !== 'stage') deployments.newVersions(name, 'stage', HUB)
    }
    // Assigned is not yet in use: golden cases, the shadow and the trial decide here as for every other version.
    const outcomes = wanted.map(({ digest }) => activator.assign(digest))
    if (outcomes.includes('given-up')) return rejected('release-given-up')
    if (outcomes.includes('on-its-way')) return waiting('release-on-its-way')
    return applied
  }
}
