import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { type EnrolmentList, enrolmentList } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Fingerprints } from '../../shared/fingerprints.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { DeviceActs } from '../device-acts.tsx'
import { InviteForm } from '../invite-form.tsx'

type Identity = EnrolmentList['devices'][number]

/** Who may connect: identities of boxes, codes that wait, and the acts on them. */
export function EnrolmentPage() {
  const query = useAnswer('enrolment', '/api/enrolment', enrolmentList)
  const { role } = useSession()
  const list = query.data
  return (
    <>
      <PageHead
        name="Enrolment"
        question="Which boxes may connect, until when, and is one of them in two places?"
        queries={[query]}
      />
      <div className="sections">
        <section className="section">
          <h2>Fingerprints, to be compared with what a box shows</h2>
          <Fingerprints
            of={[
              { name: 'This hub, by its certificate', value: list?.authorityFingerprint },
              { name: 'What a box pins, all of it', value: list?.anchors.all },
              { name: 'Root of updates', value: list?.anchors.root },
              { name: 'Key of wishes', value: list?.anchors.desiredKey },
            ]}
          />
        </section>
        {role === 'mlops' && <InviteForm />}
        <section className="section">
          <h2>Boxes</h2>
          <DataTable
            caption="The identities"
            rows={list?.devices}
            rowKey={(row) => row.device}
            error={query.error}
            columns={COLUMNS}
            detail={{
              name: (row) => row.device,
              content: (row) => <DeviceActs device={row} isAllowed={role === 'mlops'} />,
            }}
            empty={<EmptyPanel title="No box has joined." hint="Invite one: its code is shown once." />}
          />
        </section>
        <section className="section">
          <h2>Codes that wait</h2>
          <DataTable
            caption="The codes that wait"
            rows={list?.invitations}
            rowKey={(row) => row.device}
            columns={CODE_COLUMNS}
            compact
            empty={<EmptyPanel title="No code waits." hint="A code is good once, and for an hour unless told." />}
          />
        </section>
      </div>
    </>
  )
}

/** What a box is to the hub, in a word. */
function IdentityMark({ identity }: { readonly identity: Identity }) {
  if (identity.revokedAt !== null) return <StateMark tone="refused">revoked</StateMark>
  if (identity.heldReason !== null) return <StateMark tone="refused">held: in two places</StateMark>
  return Date.parse(identity.notAfter) <= Date.now() ? (
    <StateMark tone="attention">certificate over</StateMark>
  ) : (
    <StateMark tone="good">may connect</StateMark>
  )
}

const COLUMNS: readonly Column<Identity>[] = [
  {
    heading: 'Device',
    width: 15,
    cell: ({ device }) => (
      <Link to="/devices/$device" params={{ device }}>
        {device}
      </Link>
    ),
  },
  { heading: 'State', width: 14, cell: (row) => <IdentityMark identity={row} /> },
  { heading: 'Certificate ends', width: 13, cell: (row) => formatInstant(row.notAfter) },
  { heading: 'Joined', width: 13, cell: (row) => formatInstant(row.enrolledAt) },
  { heading: 'Wishes', width: 12, cell: (row) => (row.readsSignatures ? 'signature verified' : 'unsigned') },
]

const CODE_COLUMNS: readonly Column<EnrolmentList['invitations'][number]>[] = [
  { heading: 'For', width: 18, cell: (row) => row.device },
  { heading: 'Good until', width: 14, cell: (row) => formatInstant(row.expiresAt) },
]
