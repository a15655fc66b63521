const SIDE = 200
const ROOM = { left: 34, bottom: 30, top: 8, right: 8 } as const

/** A line of a figure. What is dashed is a comparison, what is thin a mark of nothing gained. */
export interface CurveLine {
  readonly name: string
  readonly kind: 'this' | 'other' | 'nothing'
  readonly points: readonly (readonly [number, number])[]
}

/** A measured point with the ends of its interval. */
export interface CurvePoint {
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
}

export interface CurveFigureProps {
  readonly title: string
  /** What the figure says in one sentence, for those who do not see it; with the number of cases. */
  readonly words: string
  readonly across: string
  readonly up: string
  readonly lines: readonly CurveLine[]
  readonly points?: readonly CurvePoint[]
  /** Both axes run from 0 to 1 unless said otherwise. */
  readonly upRange?: readonly [number, number]
}

const LOOKS = {
  this: { stroke: 'var(--accent)', strokeWidth: 1.8 },
  other: { stroke: 'var(--text-soft)', strokeWidth: 1.4, strokeDasharray: '5 3' },
  nothing: { stroke: 'var(--line-strong)', strokeWidth: 1 },
} as const

/** A curve on two axes, with its words below it. */
export function CurveFigure({ title, words, across, up, lines, points = [], upRange = [0, 1] }: CurveFigureProps) {
  const [lowest, highest] = upRange
  const x = (value: number): number => ROOM.left + clamped(value) * SIDE
  const y = (value: number): number => ROOM.top + (1 - clamped((value - lowest) / (highest - lowest))) * SIDE
  const [width, height] = [ROOM.left + SIDE + ROOM.right, ROOM.top + SIDE + ROOM.bottom]
  return (
    <figure className="curve">
      <figcaption>{title}</figcaption>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words}>
        <rect x={ROOM.left} y={ROOM.top} width={SIDE} height={SIDE} fill="none" stroke="var(--line-strong)" />
        {[0, 0.5, 1].map((share) => (
          <g key={share} fontSize={10} fill="var(--text-quiet)">
            <text x={x(share)} y={ROOM.top + SIDE + 12} textAnchor="middle">
              {share}
            </text>
            <text x={ROOM.left - 4} y={ROOM.top + (1 - share) * SIDE + 4} textAnchor="end">
              {short(lowest + share * (highest - lowest))}
            </text>
          </g>
        ))}
        <text x={ROOM.left + SIDE / 2} y={height - 4} fontSize={11} textAnchor="middle" fill="var(--text-soft)">
          {across}
        </text>
        <text
          transform={`translate(10 ${ROOM.top + SIDE / 2}) rotate(-90)`}
          fontSize={11}
          textAnchor="middle"
          fill="var(--text-soft)"
        >
          {up}
        </text>
        {lines.map(({ name, kind, points: drawn }) => (
          <path key={name} d={pathOf(drawn.map(([a, b]) => [x(a), y(b)]))} fill="none" {...LOOKS[kind]} />
        ))}
        {points.map((point) => (
          <g key={point.x} stroke="var(--accent)" fill="var(--accent)">
            <path d={`M${x(point.x)} ${y(point.low)}V${y(point.high)}`} strokeOpacity={0.7} />
            <circle cx={x(point.x)} cy={y(point.y)} r={3} />
          </g>
        ))}
      </svg>
      <p className="small quiet">{words}</p>
    </figure>
  )
}

function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([a, b], place) => `${place === 0 ? 'M' : 'L'}${a.toFixed(1)} ${b.toFixed(1)}`).join('')
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share))
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}
