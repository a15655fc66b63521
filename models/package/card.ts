import { modelReference } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { cardDeclaration } from './card-declaration.ts'

const paragraph = z.string().min(1).max(4000)

/**
 * `card.json`: what the model is, what was measured, and where it must not be trusted. The members named here are what
 * every card must say; measured figures differ from trainer to trainer and pass through as they are.
 */
export const modelCard = z.looseObject({
  schema: z.literal('leadglass.model-card/1'),
  name: modelReference.shape.name,
  version: modelReference.shape.version,
  summary: paragraph,
  intendedUse: paragraph,
  outOfScope: z.array(paragraph).min(1).max(64),
  data: z.record(z.string(), z.json()),
  training: z.record(z.string(), z.json()),
  metrics: z.json(),
  knownShortcuts: z.array(z.json()).max(64),
  limits: z.array(paragraph).min(1).max(64),
  licence: paragraph,
  statement: paragraph,
  declaration: cardDeclaration.optional(),
})
export type ModelCard = z.infer<typeof modelCard>
