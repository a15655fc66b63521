import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { type PixelReviewView, pixelReview, pixelReviewList } from '../../contract/local-api.ts'
import { Choices } from '../../shared/choices.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Facts } from '../../shared/facts.tsx'
import { formatInstant, shorten } from '../../shared/format.ts'
import { Given } from '../../shared/given.tsx'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { reasonWords } from '../reason-words.ts'
import { ReviewDesk } from '../review/desk.tsx'

export type ReviewState = PixelReviewView['state']

const STATES: Readonly<Record<ReviewState, { readonly tone: Tone; readonly words: string }>> = {
  held: { tone: 'attention', words: 'waits for a person' },
  released: { tone: 'good', words: 'may leave, masked' },
  refused: { tone: 'refused', words: 'never leaves' },
}

/** Objects whose pixels a person must look at before they may leave. */
export function ReviewsPage({ state }: { readonly state: ReviewState }) {
  const query = useAnswer('pixel-reviews', `/api/pixel-reviews?state=${state}`, pixelReviewList)
  return (
    <>
      <PageHead
        name="Pixels"
        question="Which objects may not leave before somebody has looked at their pixels, and why?"
        queries={[query]}
      />
      <div className="toolbar">
        <Choices
          caption="State"
          to="/pixels"
          choices={(['held', 'released', 'refused'] as const).map((one) => ({
            name: one,
            search: { state: one === 'held' ? undefined : one },
          }))}
        />
      </div>
      <DataTable
        caption="Objects to look at"
        rows={query.data?.reviews}
        rowKey={(row) => String(row.review)}
        error={query.error}
        columns={COLUMNS}
        fills
        empty={
          <EmptyPanel
            title="No object is in this state."
            hint="Objects of a study that is exported come here when their pixels are doubted."
          />
        }
      />
    </>
  )
}

/** One object: its frames, its boxes, and the decision. */
export function ReviewPage({ review }: { readonly review: string }) {
  const query = useAnswer('pixel-reviews', `/api/pixel-reviews/${encodeURIComponent(review)}`, pixelReview)
  return (
    <>
      <PageHead
        name={`Pixels ${review}`}
        question="What stands in these pixels that identifies somebody? Everything in a box becomes black."
        queries={[query]}
      />
      <Loaded query={query} what="the object">
        {(found) => (
          <>
            <Facts
              facts={[
                { name: 'State', value: <StateWords state={found.state} /> },
                { name: 'Why it is held', value: reasonWords(found.reason) },
                { name: 'Modality', value: found.modality },
                { name: 'Study', value: <StudyLink study={found.study} /> },
                ...(found.decidedAt === null
                  ? []
                  : [
                      { name: 'Decided', value: formatInstant(found.decidedAt) },
                      { name: 'By', value: shorten(found.decidedBy ?? '') },
                      { name: 'Reason', value: found.decisionReason ?? '', wide: true },
                    ]),
              ]}
            />
            {/* A decision changes what may be done: the desk begins anew. */}
            <ReviewDesk key={found.state} review={found} />
          </>
        )}
      </Loaded>
    </>
  )
}

const COLUMNS: readonly Column<PixelReviewView>[] = [
  {
    heading: 'Object',
    width: 8,
    cell: (row) => (
      <Link to="/pixels/$review" params={{ review: String(row.review) }}>
        object {row.review}
      </Link>
    ),
  },
  { heading: 'State', width: 13.5, cell: (row) => <StateWords state={row.state} /> },
  { heading: 'Why', width: 16, wraps: true, cell: (row) => <Given words={reasonWords(row.reason)} /> },
  { heading: 'Modality', width: 7, cell: (row) => row.modality },
  { heading: 'Boxes', width: 6, cell: (row) => (row.boxes ?? row.proposed).length, numeric: true },
  { heading: 'Study', width: 11, cell: (row) => <StudyLink study={row.study} /> },
  { heading: 'Held since', width: 13, cell: (row) => formatInstant(row.heldAt) },
  { heading: 'Decision', width: 15, wraps: true, cell: (row) => <Given words={row.decisionReason ?? 'none yet'} /> },
]

function StateWords({ state }: { readonly state: ReviewState }) {
  return <StateMark tone={STATES[state].tone}>{STATES[state].words}</StateMark>
}

function StudyLink({ study }: { readonly study: string }) {
  return (
    <Link className="mono" to="/studies/$study" params={{ study }} search={{}} title={study}>
      {shorten(study)}
    </Link>
  )
}
