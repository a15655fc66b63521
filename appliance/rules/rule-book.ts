import { type Clock, canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { AuditSink } from '../egress/index.ts'
import type { Records, RuleVersionRow } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { compareRules, type RuleChange } from './compare.ts'
import { RulesError } from './errors.ts'
import { routingFacts } from './facts.ts'
import { LANE_NUMBERS } from './lanes.ts'
import { type RuleFile, ruleFile } from './rule-file.ts'
import { type Simulation, simulateRules } from './simulate.ts'
import { type RuleFault, unknownDestinations, validateRules } from './validate.ts'

const figures = z.record(z.string(), z.number())
const DAY_MS = 86_400_000
const MOST_CHANGES_SHOWN = 500

/** Who does something with the rules, as the audit log names them. */
export interface RuleActor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

/** The rules in force. */
export interface ActiveRules {
  readonly version: number
  readonly file: RuleFile
}

export interface RuleBookDependencies {
  readonly records: Pick<Records, 'rules' | 'transaction'>
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  /** Told after other rules are in force, or a held study may go on. */
  readonly onChanged: () => void
}

/** The site's rules by version. Every version stays; the newest is in force. */
export class RuleBook {
  readonly #dependencies: RuleBookDependencies
  #active: ActiveRules | null | undefined

  constructor(dependencies: RuleBookDependencies) {
    this.#dependencies = dependencies
  }

  /** The rules in force; null while a site has none. */
  active(): ActiveRules | null {
    if (this.#active === undefined) {
      const row = this.#dependencies.records.rules.active()
      this.#active = row === undefined ? null : { version: row.version, file: fileOf(row) }
    }
    return this.#active
  }

  /** Judges a rule file against its own examples and the site's destinations. */
  validate(value: unknown): { readonly faults: readonly RuleFault[]; readonly file: RuleFile | undefined } {
    const verdict = validateRules(value)
    if (verdict.kind === 'invalid') return { faults: verdict.faults, file: undefined }
    const known = this.#dependencies.settings().destinations.map((one) => one.name)
    return { faults: unknownDestinations(verdict.file, known), file: verdict.file }
  }

  /** What a rule file would change on the studies of the last days, and how many of them have no recorded facts. */
  simulate(value: unknown, days: number): Simulation & { readonly withoutFacts: number; readonly since: number } {
    const { records, clock } = this.#dependencies
    const file = this.#validFile(value)
    const since = clock.now() - days * DAY_MS
    const past = function* () {
      for (const { revisionId, study, revision, content } of records.rules.pastFacts(since)) {
        const quality = records.rules.figures(revisionId).map((one) => figures.parse(JSON.parse(one)))
        const measured = quality.length === 0 ? {} : { quality }
        yield { study, revision, facts: { ...routingFacts.parse(JSON.parse(content)), ...measured } }
      }
    }
    const simulation = simulateRules(past(), this.active()?.file ?? null, file, MOST_CHANGES_SHOWN)
    return { ...simulation, withoutFacts: records.rules.countWithoutFacts(since), since }
  }

  /**
   * Puts rules in force at once, as the next version. Studies that wait are decided about again.
   * @throws {RulesError} `rules-invalid`, `rules-unchanged`.
   */
  activate(value: unknown, reason: string, actor: RuleActor): RuleVersionRow {
    const { records, audit, clock } = this.#dependencies
    const file = this.#validFile(value)
    const content = canonicalJson(JSON.parse(JSON.stringify(file)) as JsonValue)
    const digest = digestOf(content)
    const row = records.transaction(() => {
      const before = records.rules.active()
      if (before?.digest === digest) throw new RulesError('rules-unchanged')
      const changes = compareRules(before === undefined ? null : fileOf(before), file)
      const version: RuleVersionRow = {
        version: (before?.version ?? 0) + 1,
        digest,
        content,
        changes: JSON.stringify(changes),
        author: actor.id,
        reason,
        activatedAt: clock.now(),
      }
      records.rules.insertVersion(version)
      const named = changes.slice(0, 30).map((change) => `${change.kind}.${codeOf(change)}`)
      audit.record({
        event: 'rules.activated',
        actor,
        subject: { kind: 'setting', id: 'rules' },
        outcome: 'success',
        codes: [`version-${version.version}`, ...named],
      })
      return version
    })
    this.#active = { version: row.version, file }
    this.#dependencies.onChanged()
    return row
  }

  /** Newest versions first. */
  history(limit: number): readonly RuleVersionRow[] {
    return this.#dependencies.records.rules.versions(limit)
  }

  /** What changed between two versions. @throws {RulesError} `rules-version-unknown`. */
  difference(from: number, to: number): readonly RuleChange[] {
    return compareRules(from === 0 ? null : this.#version(from), this.#version(to))
  }

  /** Lets a study go on that a rule holds. @throws {RulesError} `study-not-held`. */
  release(study: { readonly studyId: number; readonly studyPseudonym: string }, actor: RuleActor): void {
    const { records, audit, clock } = this.#dependencies
    records.transaction(() => {
      const revisionId = records.rules.heldRevisionOf(study.studyId)
      if (revisionId === undefined) throw new RulesError('study-not-held')
      records.rules.release(revisionId, LANE_NUMBERS.routine, clock.now())
      const subject = { kind: 'study', id: study.studyPseudonym } as const
      audit.record(
        { event: 'study.released', actor, subject, outcome: 'success', codes: ['held-by-rule'] },
        study.studyId,
      )
    })
    this.#dependencies.onChanged()
  }

  #validFile(value: unknown): RuleFile {
    const { faults, file } = this.validate(value)
    if (file === undefined || faults.length > 0) throw new RulesError('rules-invalid', faults)
    return file
  }

  #version(version: number): RuleFile {
    const row = this.#dependencies.records.rules.version(version)
    if (row === undefined) throw new RulesError('rules-version-unknown')
    return fileOf(row)
  }
}

function fileOf(row: RuleVersionRow): RuleFile {
  return ruleFile.parse(JSON.parse(row.content))
}

/** Members of the file that are no rules have names that are no codes. */
function codeOf(change: RuleChange): string {
  return change.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
