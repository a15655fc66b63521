import type { AugmentationStep } from '../package/augmentation.ts'

/** A step whose chances are decided. */
export type DrawnStep =
  | { readonly step: 'keep' | 'flip-horizontal' | 'flip-vertical' }
  | {
      readonly step: 'affine'
      readonly radians: number
      readonly scale: number
      /** Of the width and height. */
      readonly shiftX: number
      readonly shiftY: number
    }
  | { readonly step: 'contrast-brightness'; readonly contrast: number; readonly brightness: number }
  | { readonly step: 'gaussian-noise'; readonly deviation: number; readonly seed: number }

/** Numbers in 0..1 of a seed: SplitMix32 (constants of Steele, Lea and Flood's finaliser for 32 bits), in any language alike. */
export function splitmix(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 2 ** 32
  }
}

/** Decides the chances of all steps, in order. `models/training/declared_augmentation.py` draws the same numbers. */
export function drawSteps(steps: readonly AugmentationStep[], seed: number): readonly DrawnStep[] {
  const random = splitmix(seed)
  return steps.map((step) => drawStep(step, random))
}

function drawStep(step: AugmentationStep, random: () => number): DrawnStep {
  const about = (bound: number): number => (2 * random() - 1) * bound
  switch (step.step) {
    case 'flip-horizontal':
    case 'flip-vertical':
      return { step: random() < step.probability ? step.step : 'keep' }
    case 'affine': {
      const radians = (about(step.rotationDegrees) * Math.PI) / 180
      const scale = 1 + about(step.scale)
      const shiftX = about(step.shift)
      return { step: 'affine', radians, scale, shiftX, shiftY: about(step.shift) }
    }
    case 'contrast-brightness': {
      const contrast = 1 + about(step.contrast)
      return { step: 'contrast-brightness', contrast, brightness: about(step.brightness) }
    }
    case 'gaussian-noise': {
      const deviation = random() * step.deviation
      return { step: 'gaussian-noise', deviation, seed: Math.floor(random() * 2 ** 32) }
    }
  }
}
