import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { TfjsError } from './errors.ts'
import { type GraphNode, graphTopology, type KerasModel, kerasModel, type ModelJson, modelJson } from './manifest.ts'
import { decodeWeights, type Weight } from './weights.ts'

const MODEL_NAME = 'model.json'
const LARGEST_JSON = 64 * 2 ** 20
const LARGEST_WEIGHTS = 512 * 2 ** 20

/** A TensorFlow.js model as it lies in a folder, checked and decoded. */
export interface TfjsModel {
  readonly json: ModelJson
  /** The bytes of all shards in order, as tfjs itself wants them. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly weights: ReadonlyMap<string, Weight>
  readonly topology:
    | { readonly kind: 'layers'; readonly model: KerasModel }
    | { readonly kind: 'graph'; readonly nodes: readonly GraphNode[] }
}

/**
 * Reads `model.json` and its shards. Shards are names beside it: no folders, no links, nothing fetched.
 * @throws {TfjsError}
 */
export async function readTfjsFolder(folder: string): Promise<TfjsModel> {
  const json = parse(await readRegular(folder, MODEL_NAME, LARGEST_JSON))
  const groups: Uint8Array[] = []
  const weights = new Map<string, Weight>()
  let left = LARGEST_WEIGHTS
  for (const { paths, weights: specs } of json.weightsManifest) {
    const shards: Uint8Array[] = []
    for (const path of paths) {
      const shard = await readRegular(folder, shardName(path), left)
      left -= shard.length
      shards.push(shard)
    }
    const bytes = Buffer.concat(shards)
    for (const [name, weight] of decodeWeights(specs, bytes)) {
      if (weights.has(name)) throw new TfjsError('tfjs-malformed', `the weight ${name} stands twice`)
      weights.set(name, weight)
    }
    groups.push(bytes)
  }
  return { json, bytes: Uint8Array.from(Buffer.concat(groups)), weights, topology: topologyOf(json) }
}

/** One name: no separators, no leading dot, so that neither `..` nor an address can be said. */
function shardName(path: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(path)) return path
  throw new TfjsError('tfjs-path', 'a shard is named by something else than a file beside model.json')
}

function parse(bytes: Uint8Array): ModelJson {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new TfjsError('tfjs-malformed', 'model.json is not JSON', cause)
  }
  const parsed = modelJson.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new TfjsError('tfjs-malformed', `model.json is refused at ${issue?.path.map(String).join('.') ?? ''}`)
}

function topologyOf({ format, modelTopology }: ModelJson): TfjsModel['topology'] {
  const isGraph = format === 'graph-model' || (format === undefined && 'node' in modelTopology)
  if (isGraph) {
    const parsed = graphTopology.safeParse(modelTopology)
    if (parsed.success) return { kind: 'graph', nodes: parsed.data.node }
    throw new TfjsError('tfjs-malformed', 'the topology is no graph')
  }
  const parsed = kerasModel.safeParse('model_config' in modelTopology ? modelTopology.model_config : modelTopology)
  if (parsed.success) return { kind: 'layers', model: parsed.data }
  throw new TfjsError('tfjs-malformed', 'the topology is no list or graph of layers')
}

async function readRegular(folder: string, name: string, limit: number): Promise<Uint8Array> {
  const handle = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    const isLink = cause instanceof Error && 'code' in cause && cause.code === 'ELOOP'
    throw new TfjsError(isLink ? 'tfjs-path' : 'tfjs-missing', `${name} cannot be opened`, cause)
  })
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) throw new TfjsError('tfjs-path', `${name} is not a regular file`)
    if (facts.size > limit) throw new TfjsError('tfjs-too-large', `${name} is larger than a model may be`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}
