import type { FeatureGroup } from './features.ts'

/** P1: patients are concerned now. P2: somebody should look today. P3: to be looked at in the week. */
export type DriftPriority = 'P1' | 'P2' | 'P3'

/** What an alert is about: a feature, or all features of a group together. */
export interface DriftCause {
  readonly group: FeatureGroup
  readonly isGroup: boolean
  /** Whether the share of studies above the operating point changed by more than its limit. */
  readonly isClinical: boolean
  /** Whether it stands even by the stricter test, for which somebody is called. */
  readonly isBeyondDoubt: boolean
}

/**
 * How urgent a cause is. Only a shift of scores that changes who is called positive is P1, and only beyond doubt
 * (Bonferroni): a person who is called for nothing does not come a second time.
 */
export function priorityOf({ group, isGroup, isClinical, isBeyondDoubt }: DriftCause): DriftPriority {
  if (group === 'scores' && isClinical) return isBeyondDoubt ? 'P1' : 'P2'
  if (isGroup) return group === 'operation' ? 'P3' : 'P2'
  return 'P3'
}

const OF_FEATURE: Readonly<Record<FeatureGroup, string>> = {
  scores:
    'The model answers otherwise than before. Look at the appearance and the header of the same window: when they moved too, the images changed; when not, the patients may have. Have readers label a sample of this week before anything is retrained.',
  appearance:
    'The images look otherwise to the model. Ask the site for a new detector, processing software, compression or protocol, and look at the quality figures of the same window. The scores are trusted only while they and the labels have not moved.',
  metadata:
    'The mix of studies or devices changed. Ask the site whether a device, a route or a referrer came or went; check that the rules still send the studies the model was made for.',
  labels:
    'Readers find it more or less often than before. Check that reading rules and readers are the same; if so the patients changed, and calibration and operating point have to be checked.',
  operation:
    'Scoring takes a different time. Look at the load and the temperature of the box, and at what was installed since.',
}

const CLINICAL =
  'The share of studies above the operating point changed by more than its limit. Compare with readers’ labels today; stop the model at this site, or roll back, if they disagree.'

const OF_GROUP =
  'Many features of one kind moved together, which no single one explains. Look first for one change at the site that explains all of them.'

/** What a person can do about a cause. */
export function adviceOn(cause: Pick<DriftCause, 'group' | 'isGroup' | 'isClinical'>): string {
  const first = cause.isClinical ? [CLINICAL] : cause.isGroup ? [OF_GROUP] : []
  return [...first, OF_FEATURE[cause.group]].join(' ')
}
