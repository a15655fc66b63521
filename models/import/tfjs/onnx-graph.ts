/** An attribute of an ONNX node: a float is written `{ float }`, so that 1 stays an integer. */
export type Attribute = number | readonly number[] | string | { readonly float: number }

interface Node {
  readonly opType: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A size, or the name of a free one. */
export type Dimension = number | string

interface Initialiser {
  readonly name: string
  readonly dims: readonly number[]
  readonly floats?: Float32Array
  readonly integers?: readonly number[]
}

const OPERATOR_SET = 17
const IR_VERSION = 8

/** A graph under construction: nodes in the order they run, with names made here. */
export class OnnxGraph {
  readonly #nodes: Node[] = []
  readonly #initialisers: Initialiser[] = []
  readonly #inputs: { name: string; dims: readonly Dimension[] }[] = []
  readonly #outputs: { name: string; dims: readonly Dimension[] }[] = []

  input(name: string, dims: readonly Dimension[]): string {
    this.#inputs.push({ name, dims })
    return name
  }

  /** Names a tensor as an output of the graph. */
  output(name: string, tensor: string, dims: readonly Dimension[]): void {
    this.#nodes.push({ opType: 'Identity', inputs: [tensor], output: name, attributes: {} })
    this.#outputs.push({ name, dims })
  }

  /** Adds a node with one output. @returns the name of its output. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const output = `t${this.#nodes.length}`
    this.#nodes.push({ opType, inputs, output, attributes })
    return output
  }

  floats(values: Float32Array, dims: readonly number[]): string {
    const name = `w${this.#initialisers.length}`
    this.#initialisers.push({ name, dims, floats: values })
    return name
  }

  scalar(value: number): string {
    return this.floats(Float32Array.of(value), [])
  }

  /** A list of 64-bit integers. */
  integers(values: readonly number[]): string {
    const name = `w${this.#initialisers.length}`
    this.#initialisers.push({ name, dims: [values.length], integers: values })
    return name
  }

  /** The graph as an ONNX file. */
  async encode(producer: string): Promise<Uint8Array> {
    // Only who converts a model loads the library.
    const { default: proto } = await import('onnx-proto')
    const { onnx } = proto
    const { FLOAT, INT64 } = onnx.TensorProto.DataType
    const kinds = onnx.AttributeProto.AttributeType
    const info = ({ name, dims }: { name: string; dims: readonly Dimension[] }): object => {
      const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
      return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } }
    }
    const attribute = ([name, value]: readonly [string, Attribute]): object => {
      if (typeof value === 'string') return { name, type: kinds.STRING, s: Buffer.from(value, 'latin1') }
      if (typeof value === 'number') return { name, type: kinds.INT, i: value }
      if ('float' in value) return { name, type: kinds.FLOAT, f: value.float }
      return { name, type: kinds.INTS, ints: [...value] }
    }
    const whole = onnx.ModelProto.create({
      irVersion: IR_VERSION,
      producerName: producer,
      opsetImport: [{ domain: '', version: OPERATOR_SET }],
      graph: {
        name: 'converted',
        node: this.#nodes.map(({ opType, inputs, output, attributes }) => ({
          opType,
          name: output,
          input: [...inputs],
          output: [output],
          attribute: Object.entries(attributes).map(attribute),
        })),
        initializer: this.#initialisers.map(({ name, dims, floats, integers = [] }) => ({
          name,
          dims: [...dims],
          dataType: floats === undefined ? INT64 : FLOAT,
          rawData: floats === undefined ? int64Bytes(integers) : floatBytes(floats),
        })),
        input: this.#inputs.map(info),
        output: this.#outputs.map(info),
      },
    })
    return onnx.ModelProto.encode(whole).finish()
  }
}

function floatBytes(values: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => {
    bytes.writeFloatLE(value, 4 * i)
  })
  return bytes
}

function int64Bytes(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 8)
  values.forEach((value, i) => {
    bytes.writeBigInt64LE(BigInt(value), 8 * i)
  })
  return bytes
}
