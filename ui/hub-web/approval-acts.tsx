import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type ApprovalSummary, approvalSummary } from '../contract/hub-api.ts'
import { deleteJson, postJson } from '../shared/api-client.ts'
import { Button, TextField } from '../shared/controls.tsx'
import { FailurePanel } from '../shared/panels.tsx'
import { useSession } from '../shared/session.ts'
import { isOpen } from './signoffs.ts'

const SHORTEST_REASON = 3

/** What the person may do besides signing: speak, begin a review, send back, reject, withdraw. */
export function ApprovalActs({
  approval,
  replyTo,
  onReplied,
}: {
  readonly approval: ApprovalSummary
  /** The comment that is answered; null for none. */
  readonly replyTo: number | null
  readonly onReplied: () => void
}) {
  const { account, role } = useSession()
  const queries = useQueryClient()
  const [words, setWords] = useState('')
  const path = `/api/approvals/${encodeURIComponent(approval.approval)}`
  const act = useMutation({
    mutationFn: (send: () => Promise<ApprovalSummary>) => send(),
    onSuccess: async () => {
      setWords('')
      onReplied()
      await queries.invalidateQueries({ queryKey: ['approvals'] })
    },
  })
  const post = (what: string, body: unknown) => act.mutate(() => postJson(`${path}/${what}`, body, approvalSummary))
  const text = words.trim()
  const open = isOpen(approval.state)
  const named = open && approval.signoffs.some((signoff) => signoff.person === account)
  const idle = act.isPending || text.length < SHORTEST_REASON
  if (role === 'operator') return null
  return (
    <section className="section" aria-label="Say or decide">
      <h2>Say or decide</h2>
      <TextField
        label={replyTo === null ? 'Words: a comment, or the reason of your decision' : `Answer to comment ${replyTo}`}
        value={words}
        maxLength={4000}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      <p className="small quiet">What is said stays as it is, with your name and the time.</p>
      <div className="together">
        <Button disabled={act.isPending || text === ''} onClick={() => post('comments', { words: text, replyTo })}>
          Comment
        </Button>
        {named && (
          <>
            <Button disabled={idle} onClick={() => post('review', { words: text })}>
              Begin review
            </Button>
            <Button disabled={idle} onClick={() => post('changes', { reason: text.slice(0, 1000) })}>
              Request changes
            </Button>
            <Button disabled={idle} onClick={() => post('rejection', { reason: text.slice(0, 1000) })}>
              Reject
            </Button>
          </>
        )}
        {open && approval.author === account && (
          <Button disabled={act.isPending} onClick={() => act.mutate(() => deleteJson(path, approvalSummary))}>
            Withdraw
          </Button>
        )}
      </div>
      {act.error !== null && <FailurePanel error={act.error} framed />}
    </section>
  )
}
