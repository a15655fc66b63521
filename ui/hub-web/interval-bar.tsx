const WIDTH = 150
const HEIGHT = 18
const MIDDLE = HEIGHT / 2

/**
 * A figure between 0 and 1 as a point on its interval, with limits as lines across and, where there is one, the measured
 * figure as a ring.
 */
export function IntervalBar({
  value,
  low,
  high,
  limits,
  measured = null,
}: {
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  readonly limits: readonly (number | null)[]
  readonly measured?: number | null
}) {
  const x = (share: number): number => 2 + Math.min(1, Math.max(0, share)) * (WIDTH - 4)
  const words = value === null ? 'no figure' : `${value.toFixed(3)}, between ${low?.toFixed(3)} and ${high?.toFixed(3)}`
  return (
    <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
      <path d={`M2 ${MIDDLE}H${WIDTH - 2}`} stroke="var(--line)" strokeWidth="1" />
      {limits.flatMap((limit) =>
        limit === null ? [] : [<path key={limit} d={`M${x(limit)} 2V${HEIGHT - 2}`} stroke="var(--text-soft)" />],
      )}
      {low !== null && high !== null && (
        <path d={`M${x(low)} ${MIDDLE}H${x(high)}`} stroke="var(--accent-deep)" strokeWidth="4" />
      )}
      {value !== null && <circle cx={x(value)} cy={MIDDLE} r="4" fill="var(--text)" />}
      {measured !== null && (
        <circle cx={x(measured)} cy={MIDDLE} r="6" fill="none" stroke="var(--text)" strokeWidth="1.5" />
      )}
    </svg>
  )
}
