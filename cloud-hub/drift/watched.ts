import type { ModelReference } from '@leadglass/sync-agent/contract'
import { adviceOn, type DriftPriority, priorityOf } from './advice.ts'
import type { Reading } from './alert-machine.ts'
import type { DriftEntry, DriftGroupEntry, DriftView } from './entries.ts'
import { weightOfShift } from './positives.ts'
import type { DriftRules } from './rules.ts'
import type { DriftWindow } from './windows.ts'

/** One window of one thing that is watched, with what an alert would say of it. */
export interface Watched {
  readonly device: string
  readonly model: ModelReference
  /** A feature, or `group.` and a group. */
  readonly feature: string
  readonly test: 'ks' | 'chi-square' | 'mmc'
  readonly window: DriftWindow
  readonly month: string
  readonly reading: Reading
  readonly priority: DriftPriority
  readonly advice: string
}

/** Everything that is watched, oldest window first. */
export function watchedOf(view: DriftView, rules: DriftRules): Watched[] {
  const all = [
    ...view.features.map((entry) => watchedFeature(entry, rules)),
    ...view.groups.map((entry) => watchedGroup(entry)),
  ]
  return all.sort((a, b) => a.window.from.localeCompare(b.window.from))
}

function watchedFeature(entry: DriftEntry, rules: DriftRules): Watched {
  const { device, model, feature, group, test, window, month, level, q, familyP, positives } = entry
  const isClinical = positives !== null && weightOfShift(positives) >= 1
  const cause = {
    group,
    isGroup: false,
    isClinical,
    isBeyondDoubt: familyP !== null && familyP <= rules.falseDiscovery,
  }
  const isSignificant = q !== null && q <= rules.falseDiscovery
  return {
    ...{ device, model, feature, test, window, month },
    reading: level === null ? { kind: 'too-few' } : { kind: 'measured', level, isSignificant },
    priority: priorityOf(cause),
    advice: adviceOn(cause),
  }
}

function watchedGroup({ device, model, group, window, month, level }: DriftGroupEntry): Watched {
  const cause = { group, isGroup: true, isClinical: false, isBeyondDoubt: false }
  return {
    ...{ device, model, feature: `group.${group}`, test: 'mmc', window, month },
    // Deviations of chance are its measure: chance is ruled out where the limit is reached.
    reading: level === null ? { kind: 'too-few' } : { kind: 'measured', level, isSignificant: true },
    priority: priorityOf(cause),
    advice: adviceOn(cause),
  }
}
