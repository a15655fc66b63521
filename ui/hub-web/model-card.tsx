import { z } from 'zod'

/** The parts of a card that a reader must see without unfolding anything; cards of other shapes show as they are. */
const readableCard = z.object({
  statement: z.string().optional(),
  summary: z.string().optional(),
  outOfScope: z.array(z.string()).optional(),
  limits: z.array(z.string()).optional(),
  knownShortcuts: z.array(z.object({ name: z.string(), text: z.string() })).optional(),
})

/** The model card: what it is, what it is not for, its limits; the whole of it below. */
export function ModelCard({ card }: { readonly card: unknown }) {
  const {
    statement,
    summary,
    outOfScope = [],
    limits = [],
    knownShortcuts = [],
  } = readableCard.safeParse(card).data ?? {}
  return (
    <section className="section">
      <h2>Model card</h2>
      {statement !== undefined && <strong>{statement}</strong>}
      {summary !== undefined && <p>{summary}</p>}
      <Points title="Not for" points={outOfScope} />
      <Points title="Limits" points={limits} />
      <Points title="Known shortcuts" points={knownShortcuts.map(({ name, text }) => `${name}: ${text}`)} />
      <details>
        <summary className="small">The whole card</summary>
        <pre>{JSON.stringify(card, null, 2)}</pre>
      </details>
    </section>
  )
}

function Points({ title, points }: { readonly title: string; readonly points: readonly string[] }) {
  if (points.length === 0) return null
  return (
    <div className="points">
      <div className="small quiet">{title}</div>
      <ul>
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </div>
  )
}
