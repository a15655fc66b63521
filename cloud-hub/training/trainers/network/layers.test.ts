import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../seeded-numbers.ts'
import { activationsOf, backward, forward, randomLayers } from './layers.ts'

describe('layers', () => {
  it('have the gradient that differences show', () => {
    const sizes = [4, 6, 5, 2]
    const numbers = seededNumbers(9)
    const layers = randomLayers(sizes, numbers)
    for (let i = 0; i < layers.parameters.length; i++) layers.parameters[i] = numbers.normal() * 0.7
    const input = Float64Array.from({ length: 4 }, () => numbers.normal())
    const pull = Float64Array.of(0.3, -1.2)
    const activations = activationsOf(sizes)
    const valueAt = (): number => {
      activations[0]?.set(input)
      forward(layers, activations)
      return pull.reduce((sum, weight, k) => sum + weight * (activations.at(-1)?.[k] ?? 0), 0)
    }
    valueAt()
    const deltas = activationsOf(sizes)
    deltas.at(-1)?.set(pull)
    const gradient = new Float64Array(layers.parameters.length)
    backward(layers, activations, deltas, gradient)
    for (const [i, known] of gradient.entries()) {
      const at = layers.parameters[i] ?? 0
      layers.parameters[i] = at + 1e-6
      const above = valueAt()
      layers.parameters[i] = at - 1e-6
      const below = valueAt()
      layers.parameters[i] = at
      expect(known).toBeCloseTo((above - below) / 2e-6, 6)
    }
  })
})
