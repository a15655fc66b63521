import type { Clock } from '@leadglass/sync-agent/foundation'
import type { AssociationFacts } from '../dimse/index.ts'
import type { Records, SettingsVersion } from '../records/index.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import type { ApplyOutcome, SettingsAuthor, SettingsFile } from '../settings-file.ts'
import { type Plan, planChange } from './plan.ts'
import { type CertificateFact, identitiesOf, keyOf, readIdentity } from './tls-files.ts'
import type { TlsMaterial } from './tls-material.ts'
import type { PlanWorld } from './world.ts'

export interface SettingsDeskParts {
  readonly file: SettingsFile
  readonly material: TlsMaterial
  readonly records: Pick<Records, 'settings' | 'results' | 'studies'>
  readonly calledAeTitle: string
  readonly dimsePort: () => number
  readonly openAssociations: () => readonly AssociationFacts[]
  readonly freeBytes: () => number
  readonly clock: Clock
}

/** What is wrong with proposed settings, and where. */
export interface SettingsFault {
  readonly where: string
  readonly words: string
}

/** A judged proposal. `base` is the digest of the settings that it was compared with. */
export type Judged =
  | { readonly kind: 'invalid'; readonly base: string; readonly faults: readonly SettingsFault[] }
  | { readonly kind: 'valid'; readonly base: string; readonly plan: Plan; readonly settings: Settings }

/** `risky`: somebody has to accept the risks first. */
export type DeskOutcome = ApplyOutcome | { readonly kind: 'invalid' | 'risky' }

/** Shows the settings, plans changes, applies them and knows their history. */
export class SettingsDesk {
  readonly #parts: SettingsDeskParts

  constructor(parts: SettingsDeskParts) {
    this.#parts = parts
  }

  /** What is in force, and what is amiss with it. */
  view(): {
    readonly settings: Settings
    readonly version: SettingsVersion | undefined
    readonly digest: string
    readonly problems: readonly string[]
    readonly certificates: readonly CertificateFact[]
  } {
    const { file, material } = this.#parts
    return {
      settings: file.current(),
      version: file.version(),
      digest: file.digest,
      problems: this.problems(),
      certificates: material.certificates(),
    }
  }

  /** What keeps the settings from being wholly in force, in plain words. */
  problems(): readonly string[] {
    const { file, material } = this.#parts
    const refused = file.problem
    return [
      ...(refused === undefined ? [] : [`settings.json is not in force: ${refused.message}`]),
      ...material.problems().filter((message) => message !== refused?.message),
    ]
  }

  /** Newest first. */
  history(limit: number): readonly SettingsVersion[] {
    return this.#parts.records.settings.newest(limit)
  }

  version(version: number): SettingsVersion | undefined {
    return this.#parts.records.settings.version(version)
  }

  /** Judges proposed settings; changes nothing. */
  async judge(proposed: unknown): Promise<Judged> {
    const { file } = this.#parts
    const base = file.digest
    const parsed = settingsSchema.safeParse(proposed)
    if (!parsed.success) {
      const faults = parsed.error.issues.map(({ path, message }) => ({
        where: path.map(String).join('.'),
        words: message,
      }))
      return { kind: 'invalid', base, faults }
    }
    const faults: SettingsFault[] = []
    const certificates: CertificateFact[] = []
    for (const { where, files } of onceEach(identitiesOf(parsed.data))) {
      const read = await readIdentity(files)
      if (read.kind === 'unusable') faults.push({ where, words: read.message })
      else certificates.push(...read.certificates)
    }
    if (faults.length > 0) return { kind: 'invalid', base, faults }
    return {
      kind: 'valid',
      base,
      settings: parsed.data,
      plan: planChange(file.current(), parsed.data, this.#world(certificates)),
    }
  }

  /** Puts proposed settings into force. @param base digest of the settings that the author's plan was made from. */
  async apply(proposed: unknown, base: string, acceptRisks: boolean, author: SettingsAuthor): Promise<DeskOutcome> {
    const judged = await this.judge(proposed)
    if (judged.kind === 'invalid') return { kind: 'invalid' }
    if (judged.base !== base) return { kind: 'stale' }
    if (!acceptRisks && judged.plan.remarks.some(({ severity }) => severity === 'risk')) return { kind: 'risky' }
    const content = `${JSON.stringify(proposed, null, 2)}\n`
    return this.#parts.file.apply(content, judged.settings, base, author)
  }

  #world(certificates: readonly CertificateFact[]): PlanWorld {
    const { records, calledAeTitle, dimsePort, openAssociations, freeBytes, clock } = this.#parts
    const waiting = new Map<string, { pending: number; dead: number }>()
    for (const { destination, state, count } of records.results.counts()) {
      const entry = waiting.get(destination) ?? { pending: 0, dead: 0 }
      entry[state] += count
      waiting.set(destination, entry)
    }
    return {
      calledAeTitle,
      dimsePort: dimsePort(),
      openAssociations: openAssociations(),
      waiting,
      certificates: certificates.filter(
        (one, at) => certificates.findIndex((other) => other.sha256 === one.sha256) === at,
      ),
      freeBytes: freeBytes(),
      heldBytes: records.studies.totals().bytes,
      now: clock.now(),
    }
  }
}

/** What is wrong with the files that settings name, for settings that were written by hand. */
export async function faultsOfFiles(settings: Settings): Promise<string[]> {
  const faults: string[] = []
  for (const { files } of onceEach(identitiesOf(settings))) {
    const read = await readIdentity(files)
    if (read.kind === 'unusable') faults.push(read.message)
  }
  return faults
}

function onceEach(identities: ReturnType<typeof identitiesOf>): ReturnType<typeof identitiesOf> {
  const seen = new Set<string>()
  return identities.filter(({ files }) => {
    const key = keyOf(files)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
