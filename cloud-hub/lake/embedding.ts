/** An embedding as numbers, and what rules judge it by. */
export interface EmbeddingFigures {
  readonly embedding: Float32Array
  /** Euclidean length; null where a value is not finite. */
  readonly norm: number | null
}

/** Reads float32 values, little-endian. */
export function figuresOf(bytes: Uint8Array): EmbeddingFigures {
  const embedding = new Float32Array(bytes.byteLength / 4)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let squares = 0
  for (let i = 0; i < embedding.length; i++) {
    const value = view.getFloat32(i * 4, true)
    embedding[i] = value
    squares += value * value
  }
  return { embedding, norm: Number.isFinite(squares) ? Math.sqrt(squares) : null }
}
