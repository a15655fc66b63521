import type { ApprovalStep } from '../contract/hub-api.ts'
import { Button } from '../shared/controls.tsx'
import { formatInstant } from '../shared/format.ts'
import { Given } from '../shared/given.tsx'

const NAMES: Readonly<Record<ApprovalStep['kind'], string>> = {
  submitted: 'submitted',
  review: 'review begun',
  comment: 'comment',
  reminder: 'reminder',
  signed: 'signed',
  ended: 'ended',
}

/** Everything that happened, oldest first; an answer stands below what it answers. */
export function ApprovalTimeline({
  steps,
  onReply,
}: {
  readonly steps: readonly ApprovalStep[]
  /** Undefined where nobody may speak. */
  readonly onReply: ((note: number) => void) | undefined
}) {
  const answersTo = (note: number | null): ApprovalStep[] =>
    note === null ? [] : steps.filter((step) => step.replyTo === note)
  const show = (step: ApprovalStep) => (
    <li key={`${step.kind} ${step.at} ${step.note ?? step.person}`}>
      <p className="small quiet">
        {formatInstant(step.at)}, {step.person}, {NAMES[step.kind]}
      </p>
      <p>
        <Given words={step.words} />
      </p>
      {step.kind === 'comment' && step.note !== null && onReply !== undefined && (
        <Button small onClick={() => onReply(step.note ?? 0)} aria-label={`Answer comment ${step.note}`}>
          Answer
        </Button>
      )}
      {answersTo(step.note).length > 0 && <ol className="timeline">{answersTo(step.note).map(show)}</ol>}
    </li>
  )
  return <ol className="timeline">{steps.filter((step) => step.replyTo === null).map(show)}</ol>
}
