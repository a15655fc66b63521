import { CodedError } from '@leadglass/sync-agent/foundation'
import type { CardGap, GapReason } from './gaps.ts'

/** Why a card was refused. */
export type CardCode = 'card-incomplete' | 'card-too-large'

const REASON_WORDS: Readonly<Record<GapReason, string>> = {
  missing: 'is missing',
  'not-assessed': 'may not be left unassessed',
  'no-interval': 'has no interval',
  'no-cases': 'does not say on how many cases',
  'risk-not-acceptable': 'is not acceptable',
}

/** A model card that keeps its version from being submitted. */
export class CardError extends CodedError<CardCode> {
  readonly gaps: readonly CardGap[]

  private constructor(code: CardCode, message: string, nextStep: string, gaps: readonly CardGap[]) {
    super(code, 'permanent', { message, effect: 'The version was not submitted.', nextStep })
    this.gaps = gaps
  }

  static incomplete(gaps: readonly CardGap[]): CardError {
    const words = gaps.map(({ field, title, reason }) => `${title} ${REASON_WORDS[reason]} (${field})`)
    return new CardError(
      'card-incomplete',
      `the model card is not complete: ${words.join('; ')}`,
      'Complete the card, give the package a new version number, import it, and submit that.',
      gaps,
    )
  }

  static tooLarge(bytes: number): CardError {
    return new CardError('card-too-large', `the model card has more than ${bytes} bytes`, 'Shorten the card.', [])
  }
}
