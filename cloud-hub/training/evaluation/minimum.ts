import type { EvaluationDocument } from '@leadglass/ui/contract/hub-api'

/**
 * The sizes below which no figure of a part of the cases is given. An interval of a share of ten is already half of
 * everything; a slope of fewer than fifty cases is noise.
 */
export const MINIMUM: EvaluationDocument['minimum'] = { cases: 30, perClass: 10, calibrationCases: 50 }
