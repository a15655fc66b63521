/** Why a field keeps a card from being submitted. */
export type GapReason = 'missing' | 'not-assessed' | 'no-interval' | 'no-cases' | 'risk-not-acceptable'

/** One thing that a card lacks. `field` is where to write it, `title` what it is. */
export interface CardGap {
  readonly field: string
  readonly title: string
  readonly reason: GapReason
}
