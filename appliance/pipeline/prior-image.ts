import type { ModelPackage } from '@leadglass/models'
import type { PixelRisk, StudyIdentifiers } from '../deidentify/index.ts'
import type { DataSet, InstanceFacts } from '../imaging/index.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/** An image of an earlier study that passed the same gate. */
export interface PriorImage {
  readonly priorId: number
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly source: { readonly kind: 'file'; readonly path: string }
  readonly facts: InstanceFacts
  readonly pixelRisk: PixelRisk
  readonly identifiers: StudyIdentifiers
  readonly header: DataSet
}

/** The images of the first earlier study that serves a model, or why there is none. */
export type PriorsFound =
  | { readonly kind: 'found'; readonly images: readonly PriorImage[] }
  | { readonly kind: 'none'; readonly reason: string }

/** Finds the earlier study that a model asks for. */
export type FindPriors = (model: ModelPackage, instances: readonly PreparedInstance[]) => Promise<PriorsFound>

/** The image that goes with a current one: of the same view where there is one, else the first. */
export function pairedWith(instance: PreparedInstance, images: readonly PriorImage[]): PriorImage | undefined {
  return images.find(({ facts }) => facts.view === instance.facts.view) ?? images[0]
}
