import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type PixelBox, refuseAnswer, releaseAnswer } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { FailurePanel } from '../../shared/panels.tsx'

const SHORTEST_REASON = 3

/** Release with a reason, or refuse. A release that is not enough gives the boxes that are missing. */
export function Decision({
  review,
  boxes,
  onFound,
}: {
  readonly review: number
  readonly boxes: readonly PixelBox[]
  readonly onFound: (found: readonly PixelBox[]) => void
}) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const decided = () => queries.invalidateQueries({ queryKey: ['pixel-reviews'] })
  const path = `/api/pixel-reviews/${review}`
  const release = useMutation({
    mutationFn: () => postJson(`${path}/release`, { boxes, reason: reason.trim() }, releaseAnswer),
    onSuccess: async (answer) => {
      if (answer.released) await decided()
      else onFound(answer.found)
    },
  })
  const refuse = useMutation({
    mutationFn: () => postJson(`${path}/refuse`, { reason: reason.trim() }, refuseAnswer),
    onSuccess: decided,
  })
  const isBusy = release.isPending || refuse.isPending
  const isShort = reason.trim().length < SHORTEST_REASON
  const error = release.error ?? refuse.error
  return (
    <div className="review-decision">
      <TextField
        label="Reason, for the record"
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button main disabled={isBusy || isShort} onClick={() => release.mutate()}>
        Release, blacked out in {boxes.length} {boxes.length === 1 ? 'box' : 'boxes'}
      </Button>
      <Button disabled={isBusy || isShort} onClick={() => refuse.mutate()}>
        Refuse: it never leaves
      </Button>
      <div className="words" role="status">
        {release.isPending && 'Masking, and reading every frame again …'}
        {release.data?.released === false &&
          `Not released: text that identifies can still be read. ${release.data.found.length} boxes were added; look at them and release again.`}
      </div>
      {error !== null && <FailurePanel error={error} />}
    </div>
  )
}
