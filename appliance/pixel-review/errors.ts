import { CodedError } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'review-unknown': ['nothing waits under this number', 'take a number from "leadglass review list"'],
  'review-decided': ['a person has decided about this object before', 'look at the decision'],
  'text-remains': ['an identifier or a date can still be read', 'cover it too; the boxes in question are named'],
  'pixels-unreadable': ['the pixels cannot be decoded, so nobody can say what they show', 'refuse the object'],
  'object-gone': ['the object is no longer there', 'look at the study'],
} as const satisfies Record<string, readonly [string, string]>

/** The closed set of failures of the review. */
export type PixelReviewErrorCode = keyof typeof FAILURES

/** A review that did not go on; nothing was decided. */
export class PixelReviewError extends CodedError<PixelReviewErrorCode> {
  constructor(code: PixelReviewErrorCode) {
    const [message, nextStep] = FAILURES[code]
    super(code, 'permanent', { message, effect: 'nothing was decided', nextStep })
  }
}
