import { shares } from './drift-words.ts'

const WIDTH = 168
const HEIGHT = 30

/** Two histograms on the same bins as shares of their own total: the reference as an outline, the current one filled. */
export function HistogramPair({
  reference,
  current,
}: {
  readonly reference: readonly number[]
  readonly current: readonly number[]
}) {
  const before = shares(reference)
  const now = shares(current)
  const tallest = Math.max(...before, ...now, 1e-9)
  const bins = Math.max(before.length, now.length, 1)
  const step = WIDTH / bins
  const top = (share: number): number => HEIGHT - 1 - (share / tallest) * (HEIGHT - 2)
  const outline = before.map((share, bin) => `${bin === 0 ? 'M' : 'L'}${bin * step} ${top(share)}H${(bin + 1) * step}`)
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Largest share of the reference ${percent(before)}, now ${percent(now)}`}
    >
      {now.map((share, bin) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
          key={bin}
          x={bin * step + 0.5}
          width={Math.max(1, step - 1)}
          y={top(share)}
          height={Math.max(0, HEIGHT - top(share))}
          fill="var(--accent-deep)"
        />
      ))}
      <path d={outline.join('')} fill="none" stroke="var(--text-soft)" strokeWidth="1.2" />
    </svg>
  )
}

function percent(values: readonly number[]): string {
  return `${Math.round(Math.max(0, ...values) * 100)} %`
}
