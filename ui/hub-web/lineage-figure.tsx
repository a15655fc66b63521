import type { LineageView } from '../contract/hub-api.ts'

const BOX = { width: 220, height: 44, gap: 14 } as const
const COLUMN = 280

/** What a version came from on the left, itself, and what came from it on the right; the same as a list for readers aloud. */
export function LineageFigure({ graph, digest }: { readonly graph: LineageView; readonly digest: string }) {
  const places = placesOf(graph, digest)
  const rows = Math.max(1, ...[...places.values()].map((place) => place.row + 1))
  const columns = Math.max(1, ...[...places.values()].map((place) => place.column + 1))
  const width = (columns - 1) * COLUMN + BOX.width
  const height = rows * (BOX.height + BOX.gap)
  const nodeOf = new Map(graph.nodes.map((node) => [node.id, node]))
  return (
    <figure className="lineage">
      <svg viewBox={`-2 -2 ${width + 4} ${height + 4}`} width={width} role="img" aria-label="Lineage of the version">
        {graph.edges.map(({ from, to, relation }) => {
          const [start, end] = [places.get(from), places.get(to)]
          if (start === undefined || end === undefined) return null
          const [x, y] = [start.column * COLUMN + BOX.width, middle(start.row)]
          return (
            <path
              key={`${from}/${to}/${relation}`}
              d={`M ${x} ${y} L ${end.column * COLUMN} ${middle(end.row)}`}
              fill="none"
              stroke="currentColor"
              strokeOpacity={0.4}
            />
          )
        })}
        {graph.nodes.map((node) => {
          const place = places.get(node.id)
          if (place === undefined) return null
          const [x, y] = [place.column * COLUMN, place.row * (BOX.height + BOX.gap)]
          return (
            <g key={node.id}>
              <title>{`${node.kind}: ${node.label}${node.detail === null ? '' : `, ${node.detail}`}`}</title>
              <rect
                x={x}
                y={y}
                width={BOX.width}
                height={BOX.height}
                rx={4}
                fill="none"
                stroke="currentColor"
                strokeWidth={node.id === digest ? 2 : 1}
              />
              <text x={x + 8} y={y + 18} fontSize={12} fill="currentColor">
                {shortened(node.label)}
              </text>
              <text x={x + 8} y={y + 34} fontSize={10.5} fill="currentColor" fillOpacity={0.75}>
                {shortened(`${node.kind}${node.detail === null ? '' : `: ${node.detail}`}`)}
              </text>
            </g>
          )
        })}
      </svg>
      <details>
        <summary className="small">As a list</summary>
        <ul>
          {graph.edges.map(({ from, to, relation }) => (
            <li key={`${from}/${to}/${relation}`}>
              {nodeOf.get(to)?.label ?? to}: {relation.replaceAll('-', ' ')} {nodeOf.get(from)?.label ?? from}
              {nodeOf.get(from)?.detail == null ? '' : ` (${nodeOf.get(from)?.detail})`}
            </li>
          ))}
        </ul>
      </details>
    </figure>
  )
}

interface Place {
  readonly column: number
  readonly row: number
}

/** Columns by the longest way from the version, rows in order. Walks each edge a bounded number of times: data may be a circle. */
function placesOf({ nodes, edges }: LineageView, digest: string): ReadonlyMap<string, Place> {
  const level = new Map([[digest, 0]])
  for (let round = 0; round < nodes.length; round += 1) {
    for (const { from, to } of edges) {
      const [here, there] = [level.get(from), level.get(to)]
      if (there !== undefined && here === undefined) level.set(from, there - 1)
      if (here !== undefined && there === undefined) level.set(to, here + 1)
    }
  }
  const first = Math.min(...level.values())
  const filled = new Map<number, number>()
  const places = new Map<string, Place>()
  for (const { id } of nodes) {
    const column = (level.get(id) ?? 0) - first
    const row = filled.get(column) ?? 0
    filled.set(column, row + 1)
    places.set(id, { column, row })
  }
  return places
}

function middle(row: number): number {
  return row * (BOX.height + BOX.gap) + BOX.height / 2
}

function shortened(text: string): string {
  return text.length <= 30 ? text : `${text.slice(0, 29)}…`
}
