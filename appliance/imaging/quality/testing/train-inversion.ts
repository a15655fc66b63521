import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inversionInputs } from '../inversion.ts'
import { radiographs, thumbnailFor } from './radiographs.ts'

// `node train-inversion.ts` writes the weights by which a chest that is shown black for white is known. The negative of an
// image has the inputs with the opposite sign, so the loss of both together is that of the positives alone.
const ROUNDS = 4000
const RATE = 0.5
const DECAY = 2e-3

const inputs = (await radiographs())
  .filter(({ part }) => part === 'shipped')
  .map((one) => inversionInputs(thumbnailFor(one)))
const weights = new Float64Array(inputs[0]?.length ?? 0)
for (let round = 0; round < ROUNDS; round += 1) {
  const gradient = new Float64Array(weights.length)
  for (const input of inputs) {
    const sum = input.reduce((total, value, k) => total + value * (weights[k] ?? 0), 0)
    // a right way round image shall have likelihood 0
    const likelihood = 1 / (1 + Math.exp(-sum))
    for (let k = 0; k < weights.length; k += 1) gradient[k] = (gradient[k] ?? 0) + likelihood * (input[k] ?? 0)
  }
  for (let k = 0; k < weights.length; k += 1) {
    weights[k] = (weights[k] ?? 0) - RATE * ((gradient[k] ?? 0) / inputs.length + DECAY * (weights[k] ?? 0))
  }
}
const text = JSON.stringify([...weights].map((weight) => Math.round(weight * 1e4) / 1e4))
writeFileSync(join(import.meta.dirname, '..', 'inversion-weights.generated.json'), `${text}\n`)
process.stdout.write(`${inputs.length} images\n`)
