/** A tensor in or out of a network. */
export interface NetworkTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/**
 * Runs an ONNX file once, in this process, on the processor: for an author at a desk, never for studies.
 * @throws whatever the runtime throws.
 */
export async function runOnnx(
  onnx: Uint8Array,
  inputs: readonly NetworkTensor[],
  outputs: readonly string[],
): Promise<readonly NetworkTensor[]> {
  // The runtime is native code: only who runs a model loads it.
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  const session = await InferenceSession.create(onnx, { executionProviders: ['cpu'], logSeverityLevel: 3 })
  try {
    const feeds = Object.fromEntries(
      inputs.map(({ name, shape, values }) => [name, new Tensor('float32', values, shape)]),
    )
    const results = await session.run(feeds, outputs)
    return outputs.map((name) => {
      const tensor = results[name]
      if (!(tensor?.data instanceof Float32Array)) throw new Error(`the output ${name} is not float32`)
      return { name, shape: tensor.dims, values: tensor.data }
    })
  } finally {
    await session.release()
  }
}
