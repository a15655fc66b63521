import { compareOutputs, type ParityReport, type ParityTensor } from '../parity.ts'
import { type Conversion, convertTfjs } from './convert.ts'
import { isTooLargeForParity, parityInputs, runOriginal } from './parity-input.ts'
import { readTfjsFolder } from './read-tfjs.ts'

/** Runs an ONNX file once on named inputs, and gives the named outputs. */
export type OnnxRunner = (
  onnx: Uint8Array,
  inputs: readonly ParityTensor[],
  outputs: readonly string[],
) => Promise<readonly ParityTensor[]>

/** A converted model and how far it is from its original. */
export interface TfjsImport {
  readonly conversion: Conversion
  /** The same with its spatial sizes left free, where the model's own size is too large to compare. */
  readonly compared: Conversion
  readonly parity: ParityReport
}

/**
 * Converts a folder of TensorFlow.js, and runs both on the same seeded inputs. A model whose input is large is compared at a
 * small size, by the same conversion with its spatial sizes left free.
 * @throws {TfjsError}
 */
export async function importTfjs(folder: string, run: OnnxRunner, seed = 1): Promise<TfjsImport> {
  const model = await readTfjsFolder(folder)
  const conversion = await convertTfjs(model)
  const compared = isTooLargeForParity(conversion) ? await convertTfjs(model, { freeSize: true }) : conversion
  const inputs = parityInputs(compared, seed)
  const original = await runOriginal(model, compared, inputs)
  const outputs = compared.outputs.map(({ name }) => name)
  const converted = await run(compared.onnx, inputs, outputs)
  const parity = compareOutputs(original, converted, {
    original: `TensorFlow.js ${model.topology.kind} model`,
    runtime: 'onnxruntime',
    seed,
    inputs: inputs.map(({ name, shape }) => ({ name, shape })),
  })
  return { conversion, compared, parity }
}
