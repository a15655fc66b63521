import '../../shared/no-eval.ts'
import { type DesiredStateView, desiredStateView, type EnrolmentView, enrolmentView } from '../../contract/local-api.ts'
import { type Fact, Facts } from '../../shared/facts.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { JoinForm } from '../hub/join-form.tsx'
import { TrustSection } from '../hub/trust-section.tsx'
import { WishTable } from '../hub/wish-table.tsx'

/** The way to the hub: certificate, joining, what is trusted, and what the hub wishes of this box. */
export function HubPage() {
  const enrolment = useAnswer('enrolment', '/api/enrolment', enrolmentView)
  const desired = useAnswer('enrolment', '/api/desired-state', desiredStateView)
  const { role } = useSession()
  const isAdministrator = role === 'site-admin'
  const view = enrolment.data
  const error = enrolment.error ?? desired.error
  return (
    <>
      <PageHead
        name="Hub"
        question="Does this box belong to its hub, until when, and what does the hub wish of it?"
        queries={[enrolment, desired]}
      />
      <div className="sections">
        {error !== null && view === undefined ? (
          <FailurePanel error={error} framed />
        ) : (
          <Facts facts={facts(view, desired.data)} />
        )}
        {view === undefined || desired.data === undefined ? (
          <LoadingPanel what="what this box trusts" framed />
        ) : (
          <>
            <Problem view={view} />
            <TrustSection view={view} isAdministrator={isAdministrator} />
            {isAdministrator && <JoinForm hubUrl={view.agent?.hubUrl ?? ''} join={view.agent?.join ?? null} />}
            <WishTable desired={desired.data} />
          </>
        )}
      </div>
    </>
  )
}

/** What is wrong with the identity, and what to do. */
function Problem({ view: { agent } }: { readonly view: EnrolmentView }) {
  if (agent === null) {
    return (
      <div className="panel framed" role="alert">
        <StateMark tone="attention">
          <strong>The sync agent has said nothing yet.</strong>
        </StateMark>
        <span>Start it on this machine; until then nothing goes to the hub.</span>
      </div>
    )
  }
  if (agent.problem === null) return null
  return (
    <div className="panel framed" role="alert">
      <StateMark tone="refused">
        <strong>{agent.problem.message}</strong>
      </StateMark>
      <span>To do: {agent.problem.nextStep}.</span>
      <span className="small quiet">{agent.problem.code}</span>
    </div>
  )
}

function facts(view: EnrolmentView | undefined, desired: DesiredStateView | undefined): Fact[] {
  const certificate = view?.agent?.certificate
  const none = view === undefined ? undefined : 'none'
  return [
    { name: 'This box', value: view?.device },
    { name: 'Hub', value: view === undefined ? undefined : (view.agent?.hubUrl ?? 'unknown'), wide: true },
    { name: 'Certificate ends', value: certificate ? formatInstant(certificate.notAfter) : none },
    { name: 'Renewed from', value: certificate ? formatInstant(certificate.renewalAt) : none },
    { name: 'The hub decides', value: desired && (desired.hubMayDecide.join(', ') || 'nothing'), wide: true },
    {
      name: 'Newest wish',
      value: desired && (desired.document === null ? 'none' : `${desired.document.version}, ${desired.document.state}`),
    },
  ]
}
