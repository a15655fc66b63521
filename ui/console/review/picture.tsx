import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import type { PixelBox, PixelFrame } from '../../contract/local-api.ts'
import { boxAfterKey, boxBetween, within } from './boxes.ts'

/** What one pointer is doing: drawing a new box, or moving one. */
type Gesture =
  | { readonly kind: 'draw'; readonly from: readonly [number, number] }
  | { readonly kind: 'move'; readonly index: number; readonly from: readonly [number, number]; readonly box: Box }

type Box = PixelBox['box']

/**
 * A frame with the boxes that will be blacked out. The mouse draws and moves; a focused box obeys the arrow keys (with Shift
 * further, with Alt its size) and Delete.
 */
export function Picture({
  frame,
  number,
  boxes,
  everyFrame,
  readOnly,
  onChange,
}: {
  readonly frame: PixelFrame
  readonly number: number
  readonly boxes: readonly PixelBox[]
  /** New boxes go over all frames. */
  readonly everyFrame: boolean
  readonly readOnly: boolean
  readonly onChange: (boxes: readonly PixelBox[]) => void
}) {
  const picture = useRef<SVGSVGElement>(null)
  const [gesture, setGesture] = useState<Gesture>()
  const [drawn, setDrawn] = useState<Box>()

  const placeOf = (event: PointerEvent): readonly [number, number] => {
    const edge = picture.current?.getBoundingClientRect()
    if (edge === undefined || edge.width === 0) return [0, 0]
    const scale = frame.width / edge.width
    return [(event.clientX - edge.left) * scale, (event.clientY - edge.top) * scale]
  }
  const replace = (index: number, box: Box): void =>
    onChange(boxes.map((one, at) => (at === index ? { ...one, box } : one)))
  const begin = (event: PointerEvent, index?: number): void => {
    if (readOnly || event.button !== 0) return
    event.stopPropagation()
    picture.current?.setPointerCapture(event.pointerId)
    const from = placeOf(event)
    const box = index === undefined ? undefined : boxes[index]?.box
    setGesture(box === undefined || index === undefined ? { kind: 'draw', from } : { kind: 'move', index, from, box })
  }
  const go = (event: PointerEvent): void => {
    const place = placeOf(event)
    if (gesture?.kind === 'draw') setDrawn(boxBetween(gesture.from, place, frame))
    if (gesture?.kind === 'move') {
      const [x, y] = [place[0] - gesture.from[0], place[1] - gesture.from[1]]
      replace(gesture.index, within({ ...gesture.box, left: gesture.box.left + x, top: gesture.box.top + y }, frame))
    }
  }
  const end = (): void => {
    // A click draws nothing.
    if (drawn !== undefined && drawn.width > 2 && drawn.height > 2)
      onChange([...boxes, { frame: everyFrame ? null : number, box: drawn }])
    setGesture(undefined)
    setDrawn(undefined)
  }
  const press = (event: KeyboardEvent, index: number, box: Box): void => {
    if (readOnly) return
    const changed = boxAfterKey(box, event, frame)
    if (changed !== undefined) replace(index, changed)
    else if (event.key === 'Delete' || event.key === 'Backspace') onChange(boxes.filter((_, at) => at !== index))
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot stand in for a drawing.
    <svg
      ref={picture}
      className="review-picture"
      viewBox={`0 0 ${frame.width} ${frame.height}`}
      role="group"
      aria-label={`Frame ${number + 1} of ${frame.frames}`}
      onPointerDown={(event) => begin(event)}
      onPointerMove={go}
      onPointerUp={end}
      onPointerCancel={end}
    >
      <image href={`data:image/png;base64,${frame.png}`} width={frame.width} height={frame.height} />
      {boxes.map(({ frame: only, box }, index) =>
        only !== null && only !== number ? null : (
          // biome-ignore lint/a11y/useSemanticElements: a button of HTML cannot stand within a drawing.
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a box is its place in the list, and keeps the focus while it moves.
            key={index}
            className="review-box"
            x={box.left}
            y={box.top}
            width={box.width}
            height={box.height}
            tabIndex={0}
            role="button"
            aria-label={`Box ${index + 1}: ${box.width} by ${box.height} at ${box.left}, ${box.top}`}
            onPointerDown={(event) => begin(event, index)}
            onKeyDown={(event) => press(event, index, box)}
          />
        ),
      )}
      {drawn !== undefined && (
        <rect className="review-box new" x={drawn.left} y={drawn.top} width={drawn.width} height={drawn.height} />
      )}
    </svg>
  )
}
