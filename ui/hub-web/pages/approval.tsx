import '../../shared/no-eval.ts'
import { useState } from 'react'
import { type ApprovalSummary, approvalSummary, approvalTimeline } from '../../contract/hub-api.ts'
import { Button } from '../../shared/controls.tsx'
import { type Fact, Facts } from '../../shared/facts.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { FailurePanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { ApprovalActs } from '../approval-acts.tsx'
import { ApprovalTimeline } from '../approval-timeline.tsx'
import { ApprovalMark, DeadlineMark, VersionLink } from '../marks.tsx'
import { SignatureTable } from '../signature-table.tsx'
import { useBrowserKey } from '../signing/my-key.tsx'
import { SignDialog } from '../signing/sign-dialog.tsx'
import { isOpen, signoffsOf } from '../signoffs.ts'

/** One approval: what it is about, who signed, what was said; and where to sign it. */
export function ApprovalPage({ approval }: { readonly approval: string }) {
  const path = `/api/approvals/${encodeURIComponent(approval)}`
  const query = useAnswer('approvals', path, approvalSummary)
  const timeline = useAnswer('approvals', `${path}/timeline`, approvalTimeline)
  const [replyTo, setReplyTo] = useState<number | null>(null)
  const found = query.data
  return (
    <>
      <PageHead
        name={found === undefined ? 'Approval' : `Approval of ${found.model.name} ${found.model.version}`}
        question="What is to be signed, who signed it, and what was said about it?"
        queries={[query, timeline]}
      />
      {query.error !== null && found === undefined ? (
        <FailurePanel error={query.error} framed />
      ) : (
        <div className="sections">
          <Facts facts={factsOf(found)} />
          <section className="section" aria-label="Signatures">
            <h2>Signatures</h2>
            <SignatureTable
              signoffs={found === undefined ? undefined : signoffsOf(found)}
              open={found !== undefined && isOpen(found.state)}
            />
            {found !== undefined && <SignHere approval={found} />}
            {found !== undefined && <TakeAway path={path} />}
          </section>
          {/* Below the table nothing stands before all is known: it would move. */}
          {found !== undefined && !timeline.isPending && (
            <>
              <section className="section" aria-label="What happened">
                <h2>What happened</h2>
                {timeline.data === undefined && <FailurePanel error={timeline.error} framed />}
                <ApprovalTimeline steps={timeline.data?.steps ?? []} onReply={setReplyTo} />
              </section>
              <div className="no-print">
                <ApprovalActs approval={found} replyTo={replyTo} onReplied={() => setReplyTo(null)} />
              </div>
            </>
          )}
        </div>
      )}
    </>
  )
}

/** The record in the forms in which it can be taken away. */
function TakeAway({ path }: { readonly path: string }) {
  return (
    <p className="small no-print">
      <a href={`${path}/record.pdf`}>Record on paper (PDF)</a> · <a href={`${path}/record`}>Record for programs</a> ·{' '}
      <Button small onClick={() => window.print()}>
        Print this page
      </Button>
    </p>
  )
}

function factsOf(found: ApprovalSummary | undefined): Fact[] {
  const fact = (name: string, value: (known: ApprovalSummary) => Fact['value']): Fact => ({
    name,
    value: found === undefined ? undefined : value(found),
  })
  return [
    fact('State', ({ state }) => <ApprovalMark state={state} />),
    fact('Version and card', ({ model }) => <VersionLink model={model} />),
    fact('Submitted by', ({ author }) => author),
    fact('Submitted', ({ submittedAt }) => formatInstant(submittedAt)),
    fact('Deadline', ({ dueAt, state }) =>
      dueAt === null ? (
        'none'
      ) : (
        <>
          {formatInstant(dueAt)} {isOpen(state) && <DeadlineMark dueAt={dueAt} />}
        </>
      ),
    ),
    fact('Ended', ({ ended }) => (ended === null ? 'open' : `${formatInstant(ended.at)}, ${ended.by}`)),
  ]
}

/** The way to sign that the person has: the key of this browser, or a command with a file or token. */
function SignHere({ approval }: { readonly approval: ApprovalSummary }) {
  const { account } = useSession()
  const browserKey = useBrowserKey()
  const [signing, setSigning] = useState(false)
  const mine = approval.signoffs.some((one) => one.person === account)
  const signed = approval.signatures.some((one) => one.person === account)
  if (!isOpen(approval.state) || !mine || signed) return null
  return (
    <div className="no-print">
      {browserKey != null && (
        <Button main onClick={() => setSigning(true)}>
          Sign …
        </Button>
      )}
      <p className="small quiet">
        {browserKey == null && (
          <>
            This browser holds no key of yours: make one under <a href="/approvals/keys">Signing keys</a>, or sign with
            a key file or token:{' '}
          </>
        )}
        <code>leadglass approve sign {approval.approval}</code>
      </p>
      {signing && browserKey != null && (
        <SignDialog approval={approval} browserKey={browserKey} onClose={() => setSigning(false)} />
      )}
    </div>
  )
}
