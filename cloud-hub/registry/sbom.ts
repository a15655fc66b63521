import type { OnnxInspection } from '@leadglass/models'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { ModelVersion } from './registry.ts'

/** An ONNX graph of the package with what stands in it. */
export interface InspectedGraph {
  readonly path: string
  readonly inspection: OnnxInspection
}

/** The runtime that executes the graphs: what a package needs and does not carry. */
export interface RuntimeComponent {
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licence: string
}

/**
 * CycloneDX 1.6 of a package: the model, its graphs with operators and weights, its other files, the runtime. The serial
 * number follows from the package digest, so the same package always has the same document.
 */
export function cycloneDx(
  version: ModelVersion,
  graphs: readonly InspectedGraph[],
  runtime: RuntimeComponent,
  weightsLicence: string | undefined,
): Readonly<Record<string, unknown>> {
  const { model, title, manifest, importedAt } = version
  const reference = `model:${model.digest}`
  const runtimeReference = `runtime:${runtime.name}`
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidFrom(model.digest)}`,
    version: 1,
    metadata: {
      timestamp: importedAt,
      component: {
        type: 'machine-learning-model',
        'bom-ref': reference,
        name: model.name,
        version: model.version,
        description: title,
        hashes: [{ alg: 'SHA-256', content: model.digest }],
        licenses: licences(weightsLicence),
      },
    },
    components: [
      {
        type: 'library',
        'bom-ref': runtimeReference,
        name: runtime.name,
        version: runtime.version,
        purl: runtime.purl,
        licenses: licences(runtime.licence),
      },
      ...manifest.files.map(({ path, sha256, bytes }) => {
        const graph = graphs.find((one) => one.path === path)
        return {
          type: graph === undefined ? 'file' : 'machine-learning-model',
          'bom-ref': `file:${path}`,
          name: path,
          hashes: [{ alg: 'SHA-256', content: sha256 }],
          ...(graph === undefined ? {} : { licenses: licences(weightsLicence) }),
          properties: [
            { name: 'leadglass:bytes', value: String(bytes) },
            ...(graph === undefined ? [] : graphProperties(graph.inspection)),
          ],
        }
      }),
    ],
    dependencies: [
      { ref: reference, dependsOn: [runtimeReference, ...manifest.files.map(({ path }) => `file:${path}`)] },
      { ref: runtimeReference, dependsOn: [] },
    ],
  }
}

function graphProperties(inspection: OnnxInspection): { readonly name: string; readonly value: string }[] {
  return [
    { name: 'leadglass:onnx:ir-version', value: String(inspection.irVersion) },
    ...Object.entries(inspection.operatorSets).map(([domain, set]) => ({
      name: `leadglass:onnx:opset:${domain === '' ? 'ai.onnx' : domain}`,
      value: String(set),
    })),
    ...Object.entries(inspection.operators).map(([operator, count]) => ({
      name: `leadglass:onnx:operator:${operator}`,
      value: String(count),
    })),
    { name: 'leadglass:onnx:weights', value: String(inspection.parameters) },
  ]
}

/** A single SPDX identifier goes where tools look for one; anything longer is an expression. */
function licences(licence: string | undefined): readonly unknown[] {
  if (licence === undefined) return []
  return /^[A-Za-z0-9.+-]+$/.test(licence) ? [{ license: { id: licence } }] : [{ expression: licence }]
}

/** A version 8 UUID (RFC 9562 5.8) of bytes of a digest. */
function uuidFrom(digest: string): string {
  const hex = digestOf(`cyclonedx ${digest}`)
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
