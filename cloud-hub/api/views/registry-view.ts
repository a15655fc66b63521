import { createRequire } from 'node:module'
import { inspectOnnx, readPackage } from '@leadglass/models'
import type { JsonValue } from '@leadglass/sync-agent/foundation'
import type { LineageView, ModelAlias, VersionComparison } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { figuresOf } from '../../model-card/index.ts'
import {
  compareFigures,
  cycloneDx,
  differences,
  lineageGraph,
  type ModelVersion,
  type RuntimeComponent,
} from '../../registry/index.ts'
import type { HubServices } from '../services.ts'

const moduleFile = z.object({ name: z.string(), version: z.string(), license: z.string() })

/** Aliases of a model with the versions they stand for. */
export function aliasViews({ aliases, registry }: HubServices, name: string): ModelAlias[] {
  return aliases.aliases(name).flatMap(({ alias, digest, derived }) => {
    const found = registry.version(digest)
    return found === undefined ? [] : [{ alias, version: found.model, derived }]
  })
}

export async function lineageViewOf(services: HubServices, version: ModelVersion): Promise<LineageView> {
  const { registry, runs, lake } = services
  const { digest } = version.model
  const { card, manifest } = await readPackage(await registry.packageFolder(digest))
  const run = runs.runs(1000).find((one) => one.candidate?.digest === digest)
  const snapshot = run?.snapshot === null || run === undefined ? undefined : lake.manifestOf(run.snapshot)
  const graph = lineageGraph({
    version,
    card,
    lineage: manifest.lineage,
    ...registry.lineage(digest),
    run,
    snapshot,
  })
  return { nodes: [...graph.nodes], edges: [...graph.edges] }
}

/** What runs the graphs, as the module that is installed says of itself: hub and appliance are built from one tree. */
function installedRuntime(): RuntimeComponent {
  const { name, version, license } = moduleFile.parse(createRequire(import.meta.url)('onnxruntime-node/package.json'))
  return { name, version, purl: `pkg:npm/${name}@${version}`, licence: license }
}

/** CycloneDX of a package. */
export async function sbomOf(services: HubServices, version: ModelVersion): Promise<Readonly<Record<string, unknown>>> {
  const { cards, registry } = services
  const folder = await registry.packageFolder(version.model.digest)
  const graphs = await cards.graphs(folder)
  const { weightsLicence } = await cards.document(version)
  return cycloneDx(
    version,
    graphs.map(({ path, bytes }) => ({ path, inspection: inspectOnnx(bytes) })),
    installedRuntime(),
    weightsLicence ?? undefined,
  )
}

/** Two versions side by side: figures, what they were trained with, and what else their cards say differently. */
export async function comparisonOf(
  { registry }: HubServices,
  first: ModelVersion,
  second: ModelVersion,
): Promise<VersionComparison> {
  const [one, other] = await Promise.all(
    [first, second].map(async ({ model }) => (await readPackage(await registry.packageFolder(model.digest))).card),
  )
  if (one === undefined || other === undefined) throw new Error('a card vanished')
  const rest = ({ metrics: _metrics, training: _training, ...card }: typeof one): JsonValue =>
    card as unknown as JsonValue
  return {
    first: first.model,
    second: second.model,
    figures: compareFigures(figuresOf(one.metrics), figuresOf(other.metrics)),
    parameters: differences(one.training, other.training),
    card: differences(rest(one), rest(other)),
  }
}
