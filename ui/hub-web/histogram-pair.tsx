const WIDTH = 160
const HEIGHT = 36

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
  const bar = (share: number, index: number) => ({
    x: (index * WIDTH) / bins,
    width: Math.max(1, WIDTH / bins - 1),
    height: (share / tallest) * HEIGHT,
    y: HEIGHT - (share / tallest) * HEIGHT,
  })
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label="Reference and current distribution">
      {now.map((share, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
        <rect key={`now-${index}`} {...bar(share, index)} fill="var(--mantine-color-window-7)" />
      ))}
      {before.map((share, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
        <rect key={`before-${index}`} {...bar(share, index)} fill="none" stroke="var(--mantine-color-dark-1)" />
      ))}
    </svg>
  )
}

function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => (total === 0 ? 0 : count / total))
}
