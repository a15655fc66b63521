/**
 * Why an envelope did not become a row, in the order in which the rules are asked: the first that applies counts. Words for
 * people stand beside each.
 */
export const EXCLUSIONS = {
  erased: 'erased at the request of the patient or site',
  'other-model': 'scored by another model',
  'after-cutoff': 'received after the cut-off',
  'erased-patient': 'of a patient who was erased; it came afterwards',
  'schema-version': 'written in another form than this version’s',
  'unknown-model': 'scored by a package that the registry does not have',
  'other-backbone': 'its embedding was made by another backbone',
  'embedding-length': 'its embedding has another length',
  'not-finite': 'a value of its embedding is not finite',
  'norm-outlier': 'its embedding is far longer or shorter than any that the model makes',
  'superseded-revision': 'a later revision of the study stands',
  'scored-again': 'the instance was scored again',
  'no-label': 'the study has no label for the finding',
  'label-after-cutoff': 'labelled after the cut-off only',
  'label-revoked-reader': 'labelled by revoked readers only',
  'label-unblinded': 'labelled only by readers who had seen the score',
  'label-superseded': 'labelled on instances that no longer stand',
  'label-contradicting': 'two readers contradict each other',
  'label-uncertain': 'the last label says uncertain',
  'duplicate-row': 'the same embedding stands in the dataset already',
  'noisy-site': 'labels and scores of the site agree no better than chance',
  'other-generation': 'under another generation of the site’s pseudonyms',
} as const

/** A reason for which an envelope did not become a row. */
export type ExclusionReason = keyof typeof EXCLUSIONS

/** All reasons, in the order of the rules. */
export const EXCLUSION_REASONS = Object.keys(EXCLUSIONS) as readonly ExclusionReason[] as readonly [
  ExclusionReason,
  ...ExclusionReason[],
]

/** Every envelope is a row or is counted under one reason: `envelopes` is `rows` plus all of `excluded`. */
export interface Accounting {
  readonly envelopes: number
  readonly rows: number
  readonly excluded: Readonly<Partial<Record<ExclusionReason, number>>>
}
