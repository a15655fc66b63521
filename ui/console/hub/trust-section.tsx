import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type EnrolmentView, enrolmentView } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button } from '../../shared/controls.tsx'
import { Fingerprints } from '../../shared/fingerprints.tsx'
import { FailurePanel } from '../../shared/panels.tsx'
import { StateMark } from '../../shared/state-mark.tsx'

/** What this box trusts of its hub, and what the hub gave that a person has yet to compare. */
export function TrustSection({ view, isAdministrator }: { view: EnrolmentView; isAdministrator: boolean }) {
  const queries = useQueryClient()
  const confirm = useMutation({
    mutationFn: () => postJson('/api/enrolment/anchors', { fingerprint: view.offered }, enrolmentView),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['enrolment'] }),
  })
  const { pinned, offered, anchors, agent } = view
  return (
    <section className="section">
      <h2>What this box trusts</h2>
      <TrustMark anchors={anchors} />
      <Fingerprints
        of={[
          { name: 'Hub, by its certificate', value: agent?.certificate?.authorityFingerprint ?? null },
          { name: 'What the hub gives to be pinned', value: offered },
          { name: 'Pinned root of updates', value: pinned.root },
          { name: 'Pinned policy of approvals', value: pinned.policy },
          { name: 'Pinned key of wishes', value: pinned.desiredKey },
        ]}
      />
      {anchors === 'to-be-confirmed' && isAdministrator && (
        <div className="act-form">
          <p>
            Compare the first two with the page “Enrolment” of the hub, over a way that does not go through this box.
            Only then:
          </p>
          <Button main disabled={confirm.isPending} onClick={() => confirm.mutate()}>
            They are the same: trust them
          </Button>
        </div>
      )}
      {confirm.error !== null && <FailurePanel error={confirm.error} />}
    </section>
  )
}

function TrustMark({ anchors }: Pick<EnrolmentView, 'anchors'>) {
  if (anchors === 'same') return <StateMark tone="good">pinned, and the hub names the same</StateMark>
  if (anchors === 'other') {
    return (
      <StateMark tone="refused">
        the hub names another root or key than the pinned one: nothing of it is taken
      </StateMark>
    )
  }
  return anchors === 'none' ? (
    <StateMark tone="waiting">the hub has given nothing to pin yet</StateMark>
  ) : (
    <StateMark tone="attention">waits until a site administrator has compared the fingerprints</StateMark>
  )
}
