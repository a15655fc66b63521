import { useState } from 'react'
import { type PixelBox, type PixelFrame, type PixelReviewView, pixelFrame } from '../../contract/local-api.ts'
import { Button } from '../../shared/controls.tsx'
import { FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { middleBox } from './boxes.ts'
import { Decision } from './decision.tsx'
import { Picture } from './picture.tsx'

/** Where a person looks at one object, draws boxes, and decides. */
export function ReviewDesk({ review }: { readonly review: PixelReviewView }) {
  const isHeld = review.state === 'held'
  const [number, setNumber] = useState(0)
  const [everyFrame, setEveryFrame] = useState(true)
  const [boxes, setBoxes] = useState<readonly PixelBox[]>(review.boxes ?? review.proposed)
  // Each look is an entry in the audit log: nothing is asked for twice.
  const query = useAnswer('pixel-frames', `/api/pixel-reviews/${review.review}/frames/${number}`, pixelFrame, false)
  // The frame before stays until the next is there: what a person is writing beside it must not go.
  const [kept, setKept] = useState<PixelFrame>()
  if (query.data !== undefined && query.data !== kept) setKept(query.data)
  const frame = query.data ?? kept
  if (frame === undefined)
    return query.error === null ? <LoadingPanel what="the frame" framed /> : <FailurePanel error={query.error} framed />
  return (
    <div className="review-desk">
      <Picture
        frame={frame}
        number={number}
        boxes={boxes}
        everyFrame={everyFrame}
        readOnly={!isHeld}
        onChange={setBoxes}
      />
      <div className="review-tools">
        {frame.frames > 1 && (
          <label>
            Frame {number + 1} of {frame.frames}
            <input
              type="range"
              min={0}
              max={frame.frames - 1}
              value={number}
              onChange={(event) => setNumber(Number(event.currentTarget.value))}
            />
          </label>
        )}
        {isHeld && (
          <>
            <label>
              <input
                type="checkbox"
                checked={everyFrame}
                onChange={(event) => setEveryFrame(event.currentTarget.checked)}
              />
              new boxes in every frame
            </label>
            <Button
              small
              onClick={() => setBoxes([...boxes, { frame: everyFrame ? null : number, box: middleBox(frame) }])}
            >
              Add a box
            </Button>
            <Button small disabled={boxes.length === 0} onClick={() => setBoxes([])}>
              Remove all
            </Button>
            <p className="small quiet">
              Draw with the mouse. Arrow keys move a focused box, with Alt they change its size, Delete removes it.
            </p>
            <Decision
              review={review.review}
              boxes={boxes}
              onFound={(found) => setBoxes((before) => [...before, ...found])}
            />
          </>
        )}
      </div>
    </div>
  )
}
