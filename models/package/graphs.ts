import { z } from 'zod'

/** A tensor name inside an ONNX graph. */
const tensorName = z.string().regex(/^[A-Za-z0-9_/:-][A-Za-z0-9_./:-]{0,127}$/)

/** A graph's own name within the package. */
export const graphId = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)

/** Where a tensor comes from: the preprocessed image, that of an earlier study, or an output of an earlier graph (`backbone.embedding`). */
export const tensorSource = z
  .string()
  .regex(/^(?:\$input|\$prior|[a-z][a-z0-9-]{0,39}\.[A-Za-z0-9_/:-][A-Za-z0-9_./:-]{0,127})$/)

/** One ONNX file, what feeds each of its inputs, and the outputs that are kept. */
export const graphEntry = z.strictObject({
  id: graphId,
  file: z.string(),
  inputs: z.record(tensorName, tensorSource).refine((inputs) => count(inputs) >= 1 && count(inputs) <= 16),
  outputs: z.array(tensorName).min(1).max(16),
})
export type GraphEntry = z.infer<typeof graphEntry>

function count(record: Readonly<Record<string, unknown>>): number {
  return Object.keys(record).length
}

/** Splits `backbone.embedding`; `undefined` for an image itself. A graph id holds no dot, so the first one divides. */
export function parseSource(source: string): { readonly graph: string; readonly output: string } | undefined {
  const dot = source.indexOf('.')
  return source.startsWith('$') ? undefined : { graph: source.slice(0, dot), output: source.slice(dot + 1) }
}

/**
 * Every wrong reference in the wiring, in words; empty when it is sound. Graphs run in the order listed, so a
 * reference to a later graph, or to itself, is a cycle and refused.
 * @param consumers what else of the manifest refers to outputs (embedding, scores).
 * @param hasPrior the model is given an image of an earlier study; some graph must then read it, and none may otherwise.
 */
export function wiringProblems(
  graphs: readonly GraphEntry[],
  consumers: readonly string[],
  hasPrior = false,
): readonly string[] {
  const problems: string[] = []
  const known = new Set<string>(hasPrior ? ['$input', '$prior'] : ['$input'])
  const ids = new Set<string>()
  for (const graph of graphs) {
    if (ids.has(graph.id)) problems.push(`graph ${graph.id} stands twice`)
    ids.add(graph.id)
    for (const source of Object.values(graph.inputs)) {
      if (!known.has(source)) problems.push(`graph ${graph.id} reads ${source}, which no earlier graph makes`)
    }
    for (const output of graph.outputs) {
      const name = `${graph.id}.${output}`
      if (known.has(name)) problems.push(`output ${name} stands twice`)
      known.add(name)
    }
  }
  if (hasPrior && !graphs.some((graph) => Object.values(graph.inputs).includes('$prior'))) {
    problems.push('priors are declared, and no graph reads $prior')
  }
  for (const source of consumers) {
    if (source.startsWith('$') || !known.has(source)) problems.push(`${source} is made by no graph`)
  }
  return problems
}
