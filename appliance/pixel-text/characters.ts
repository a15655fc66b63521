/** What was read of one line. `confidence` is the mean probability of its characters, 0 when there is none. */
export interface ReadLine {
  readonly text: string
  readonly confidence: number
}

/**
 * Reads the recogniser's output: the most probable class of each step, repetitions as one, class 0 as none
 * (connectionist temporal classification, greedy).
 * @param probabilities steps x classes, row-major.
 * @param alphabet character of class k at k - 1; the last class is a blank between words.
 */
export function decodeCharacters(
  probabilities: Float32Array,
  steps: number,
  classes: number,
  alphabet: readonly string[],
): ReadLine {
  let text = ''
  let sum = 0
  let characters = 0
  let previous = 0
  for (let step = 0; step < steps; step += 1) {
    const start = step * classes
    let best = 0
    for (let k = 1; k < classes; k += 1)
      if ((probabilities[start + k] ?? 0) > (probabilities[start + best] ?? 0)) best = k
    if (best !== 0 && best !== previous) {
      text += best === classes - 1 ? ' ' : (alphabet[best - 1] ?? '')
      sum += probabilities[start + best] ?? 0
      characters += 1
    }
    previous = best
  }
  return { text: text.trim(), confidence: characters === 0 ? 0 : sum / characters }
}
