import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { type ApprovalSummary, approvalList, signingAlarmList } from '../../contract/hub-api.ts'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, FailurePanel, Loaded } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { ApprovalMark, DeadlineMark, VersionLink } from '../marks.tsx'
import { SignatureTable } from '../signature-table.tsx'
import { SigningAlarms } from '../signing-alarms.tsx'
import { isOpen, signoffsOf } from '../signoffs.ts'

/** What waits for signatures, whose, and what was signed. */
export function ApprovalsPage() {
  const query = useAnswer('approvals', '/api/approvals', approvalList)
  const alarms = useAnswer('approvals', '/api/signing-alarms', signingAlarmList)
  return (
    <>
      <PageHead
        name="Approvals"
        question="What waits for a signature, whose, and what has been signed?"
        queries={[query, alarms]}
      />
      <p>
        <Link to="/approvals/keys">Signing keys</Link>
      </p>
      <div className="sections">
        {alarms.error !== null && alarms.data === undefined && <FailurePanel error={alarms.error} framed />}
        {!query.isPending && <SigningAlarms alarms={alarms.data?.alarms ?? []} />}
        {/* Together with the alarms: they stand above and would push the approvals down. */}
        <Loaded query={alarms.isPending ? { data: undefined, error: null } : query} what="the approvals">
          {({ approvals }) =>
            approvals.length === 0 ? (
              <EmptyPanel
                framed
                title="Nothing was submitted."
                hint="A candidate that passed its gates can be submitted for approval."
              />
            ) : (
              <div className="sections">
                {approvals.map((approval) => (
                  <Approval key={approval.approval} approval={approval} />
                ))}
              </div>
            )
          }
        </Loaded>
      </div>
    </>
  )
}

function Approval({ approval }: { readonly approval: ApprovalSummary }) {
  const signoffs = signoffsOf(approval)
  const open = isOpen(approval.state)
  const missing = signoffs.filter((signoff) => signoff.signature === undefined)
  return (
    <section className="section" aria-label={`Approval of ${approval.model.name} ${approval.model.version}`}>
      <div className="toolbar">
        <h2>
          <VersionLink model={approval.model} />
        </h2>
        <span className="together">
          {open && <DeadlineMark dueAt={approval.dueAt} />}
          <ApprovalMark state={approval.state} />
        </span>
      </div>
      <p className="small quiet">
        Submitted by {approval.author} at {formatInstant(approval.submittedAt)}.
        {open && approval.dueAt !== null && ` It ends at ${formatInstant(approval.dueAt)} unless it is signed.`}
        {open && ` Still to sign: ${missing.map(({ person, role }) => `${person} (${role})`).join(', ')}.`}
      </p>
      <SignatureTable signoffs={signoffs} open={open} />
      <p>
        <Link to="/approvals/$approval" params={{ approval: approval.approval }}>
          {open ? 'Read, discuss and sign' : 'What happened'}
        </Link>
      </p>
    </section>
  )
}
