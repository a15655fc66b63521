import { CodedError } from '@leadglass/sync-agent/foundation'

/** `no-node-weights`: the trees do not say how many rows of the training reached each node. */
export type AttributionErrorCode = 'graph-malformed' | 'not-additive' | 'no-node-weights' | 'row-invalid'

const NEXT_STEPS: Readonly<Record<AttributionErrorCode, string>> = {
  'graph-malformed': 'Export the graph again.',
  'not-additive': 'Ask for a heat map instead, where the model looks at images.',
  'no-node-weights': 'Export the trees with nodes_hitrates: how many rows of the training reached each node.',
  'row-invalid': 'Give as many values as the graph takes.',
}

/** A graph whose score cannot be taken apart exactly. */
export class AttributionError extends CodedError<AttributionErrorCode> {
  constructor(code: AttributionErrorCode, message: string) {
    super(code, 'permanent', { message, effect: 'Nothing was attributed.', nextStep: NEXT_STEPS[code] })
  }
}
