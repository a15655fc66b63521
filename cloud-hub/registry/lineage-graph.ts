import type { ModelCard } from '@leadglass/models'
import { z } from 'zod'
import type { ModelVersion } from './registry.ts'

/** A thing that a version came from, or that came from it. */
export interface LineageNode {
  readonly id: string
  readonly kind: 'version' | 'dataset' | 'code' | 'parameters' | 'run' | 'site'
  readonly label: string
  /** Digest or figures, in words; null when there is nothing to add. */
  readonly detail: string | null
}

/** `to` came from `from`. */
export interface LineageEdge {
  readonly from: string
  readonly to: string
  readonly relation: 'trained-from' | 'trained-on' | 'trained-by' | 'trained-with' | 'produced-by' | 'labelled-at'
}

export interface LineageGraph {
  readonly nodes: readonly LineageNode[]
  readonly edges: readonly LineageEdge[]
}

/** The parts of a candidate's card that say how it came about. Cards of other tools may say less. */
const origin = z.looseObject({
  data: z.looseObject({ snapshot: z.string().max(200).optional(), source: z.string().optional() }),
  training: z.looseObject({
    code: z.string().max(200).optional(),
    script: z.string().max(400).optional(),
    seed: z.union([z.string(), z.number()]).optional(),
    priorStrength: z.number().optional(),
    chosenRecipe: z.string().optional(),
    chosenPenalty: z.number().optional(),
  }),
})

/** What is known about a dataset snapshot of the lake. */
export interface SnapshotFacts {
  readonly accounting: { readonly rows: number }
  readonly patients: number
  readonly sites: readonly { readonly site: string; readonly rows: number }[]
}

/** What the graph is drawn from. */
export interface LineageParts {
  readonly version: ModelVersion
  readonly card: ModelCard
  readonly lineage: { readonly dataset: string; readonly trainedBy: string; readonly split: string }
  readonly ancestors: readonly ModelVersion[]
  readonly children: readonly ModelVersion[]
  readonly run: { readonly run: string; readonly seed: string } | undefined
  readonly snapshot: SnapshotFacts | undefined
}

/** Draws the lineage: parents and children, data and the sites of its labels, code, parameters, training run. */
export function lineageGraph(parts: LineageParts): LineageGraph {
  const { version, ancestors, children } = parts
  const self = versionNode(version)
  const nodes: LineageNode[] = [self, ...ancestors.map(versionNode), ...children.map(versionNode)]
  const chain = [version, ...ancestors]
  const edges: LineageEdge[] = [
    ...ancestors.map(
      (ancestor, index): LineageEdge => ({
        from: ancestor.model.digest,
        to: chain[index]?.model.digest ?? self.id,
        relation: 'trained-from',
      }),
    ),
    ...children.map((child): LineageEdge => ({ from: self.id, to: child.model.digest, relation: 'trained-from' })),
  ]
  const parent = version.parent
  if (parent !== null && !nodes.some((node) => node.id === parent)) {
    nodes.push({ id: parent, kind: 'version', label: 'a version that is not in this registry', detail: parent })
    edges.push({ from: parent, to: self.id, relation: 'trained-from' })
  }
  for (const { node, relation, of = self.id } of origins(parts)) {
    nodes.push(node)
    edges.push({ from: node.id, to: of, relation })
  }
  return { nodes, edges }
}

interface Origin {
  readonly node: LineageNode
  readonly relation: LineageEdge['relation']
  readonly of?: string
}

function origins({ card, lineage, run, snapshot }: LineageParts): Origin[] {
  const {
    data,
    training,
  }: Pick<z.infer<typeof origin>, 'data' | 'training'> = origin.safeParse(card).data ?? {
    data: {},
    training: {},
  }
  const dataset = data.snapshot ?? lineage.dataset
  const rows = snapshot === undefined ? null : `${snapshot.accounting.rows} rows of ${snapshot.patients} patients`
  const { code, script, seed, priorStrength, chosenRecipe, chosenPenalty } = training
  const named = Object.entries({ seed, priorStrength, chosenRecipe, chosenPenalty }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${value}`],
  )
  return [
    {
      node: { id: `dataset:${dataset}`, kind: 'dataset', label: `${lineage.split}`, detail: rows ?? dataset },
      relation: 'trained-on',
    },
    ...(snapshot?.sites ?? []).map(
      ({ site, rows: of }): Origin => ({
        node: { id: `site:${site}`, kind: 'site', label: site, detail: `${of} labelled rows` },
        relation: 'labelled-at',
        of: `dataset:${dataset}`,
      }),
    ),
    {
      node: { id: 'code', kind: 'code', label: script ?? lineage.trainedBy, detail: code ?? null },
      relation: 'trained-by',
    },
    ...(named.length === 0
      ? []
      : [
          {
            node: { id: 'parameters', kind: 'parameters', label: 'parameters', detail: named.join(', ') },
            relation: 'trained-with',
          } as const,
        ]),
    ...(run === undefined
      ? []
      : [
          {
            node: { id: `run:${run.run}`, kind: 'run', label: run.run, detail: `seed ${run.seed}` },
            relation: 'produced-by',
          } as const,
        ]),
  ]
}

function versionNode({ model, author }: ModelVersion): LineageNode {
  return { id: model.digest, kind: 'version', label: `${model.name} ${model.version}`, detail: `by ${author}` }
}
