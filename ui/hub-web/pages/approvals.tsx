import { Code, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ApprovalSummary, approvalList } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { StateMark } from '../../shared/state-mark.tsx'
import { VersionLink } from '../marks.tsx'
import { PageHead } from '../page-head.tsx'
import { SignatureTable } from '../signature-table.tsx'

/** What waits for signatures, and what was signed. */
export function ApprovalsPage() {
  const query = useQuery({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => getJson('/api/approvals', approvalList, signal),
  })
  return (
    <>
      <PageHead title="Approvals" question="What waits for a signature, whose, and what has been signed?" />
      <Loaded query={query} what="the approvals">
        {({ approvals }) =>
          approvals.length === 0 ? (
            <EmptyPanel
              title="Nothing was submitted."
              hint="A candidate that passed its gates can be submitted for approval."
            />
          ) : (
            <Stack gap="xl">
              {approvals.map((approval) => (
                <Approval key={approval.approval} approval={approval} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </>
  )
}

function Approval({ approval }: { readonly approval: ApprovalSummary }) {
  const missing = approval.signoffs.filter(
    (signoff) => !approval.signatures.some((signature) => signature.person === signoff.person),
  )
  const waits = approval.state === 'submitted' || approval.state === 'partially-signed'
  return (
    <section>
      <Title order={2} size="h4">
        <VersionLink model={approval.model} />
      </Title>
      <Text size="sm" mb="xs">
        <StateMark tone={waits ? 'working' : approval.state === 'published' ? 'good' : 'neutral'}>
          {approval.state.replace('-', ' ')}
        </StateMark>
        {' · '}submitted by {approval.author}, {formatInstant(approval.submittedAt)}
        {waits && ` · still to sign: ${missing.map((signoff) => `${signoff.person} (${signoff.role})`).join(', ')}`}
      </Text>
      <SignatureTable signatures={approval.signatures} />
      {waits && (
        <Text size="sm" c="dark.2" mt="xs">
          Each approver signs with their own key, on their own machine:{' '}
          <Code>leadglass model sign {approval.approval} --key FILE</Code>
        </Text>
      )}
    </section>
  )
}
