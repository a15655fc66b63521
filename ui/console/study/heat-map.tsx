import { useEffect, useId, useRef } from 'react'
import {
  type ExplanationDetail,
  type HeatMap,
  type HeatPalette,
  heatColour,
  heatColours,
} from '../../contract/local-api.ts'

/**
 * A heat map cell by cell, without smoothing, in the proportions of its image, with the scale beside it. What it shows is said in
 * words too.
 */
export function HeatMapPicture({
  detail,
  map,
  palette,
  threshold,
}: {
  readonly detail: ExplanationDetail
  readonly map: HeatMap
  readonly palette: HeatPalette
  /** Share of the largest value below which a cell stays dark. */
  readonly threshold: number
}) {
  const picture = useRef<HTMLCanvasElement>(null)
  const scale = useRef<HTMLCanvasElement>(null)
  const words = useId()
  const largest = map.values.reduce((most, value) => Math.max(most, value), 0)
  useEffect(() => {
    draw(picture.current, map.columns, map.rows, heatColours(map.values, palette, threshold))
    const steps = Array.from({ length: 64 }, (_, at) => heatColour(1 - at / 63, palette))
    draw(scale.current, 1, steps.length, Uint8Array.from(steps.flat()))
  }, [map, palette, threshold])
  return (
    <figure className="heat-map">
      <canvas
        ref={picture}
        role="img"
        aria-label={`Heat map of ${detail.title}, image ${detail.instance + 1}`}
        aria-describedby={words}
        width={map.columns}
        height={map.rows}
        style={{ aspectRatio: `${detail.imageColumns} / ${detail.imageRows}` }}
      />
      <div className="heat-scale" aria-hidden="true">
        <span>{largest.toPrecision(2)}</span>
        <canvas ref={scale} width={1} height={64} />
        <span>0</span>
      </div>
      <figcaption id={words} className="small">
        {wordsOfMap(map, largest)} {map.passes} runs of the model. Not for diagnostic use.
      </figcaption>
    </figure>
  )
}

/** Where the largest value lies, and how large it is. */
export function wordsOfMap(map: Pick<HeatMap, 'rows' | 'columns' | 'values'>, largest: number): string {
  if (largest <= 0) return 'Hiding a part of the image never lowers the score.'
  const at = map.values.indexOf(largest)
  const [row, column] = [Math.floor(at / map.columns), at % map.columns]
  const third = (place: number, of: number, names: readonly [string, string, string]): string =>
    names[Math.min(2, Math.floor((3 * place) / of))] ?? names[1]
  const vertical = third(row, map.rows, ['upper', 'middle', 'lower'])
  const horizontal = third(column, map.columns, ['left', 'middle', 'right'])
  const where = vertical === horizontal ? 'in the middle' : `${vertical} ${horizontal}`
  return `Colours say how much the score falls when a part of the image is hidden; most, by ${largest.toPrecision(2)}, ${where} of the picture.`
}

function draw(canvas: HTMLCanvasElement | null, width: number, height: number, colours: Uint8Array): void {
  const context = canvas?.getContext('2d')
  if (context === undefined || context === null) return
  const pixels = context.createImageData(width, height)
  for (let at = 0; at < width * height; at += 1) {
    pixels.data.set([...colours.subarray(3 * at, 3 * at + 3), 255], 4 * at)
  }
  context.putImageData(pixels, 0, 0)
}
