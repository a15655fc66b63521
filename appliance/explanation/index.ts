export { AutomaticExplanations } from './automatic.ts'
export type { ShownImage } from './binding.ts'
export {
  ExplanationDesk,
  type HeldExplanation,
  type MadeExplanation,
  type ShownExplanation,
  type WantedExplanation,
} from './desk.ts'
export { ExplanationError, type ExplanationErrorCode } from './errors.ts'
export { renderHeatMap } from './render.ts'
