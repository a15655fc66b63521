import type { Control } from '../evaluate.ts'
import { EU_AI_ACT } from './eu-ai-act.ts'
import { GDPR } from './gdpr.ts'
import { HIPAA } from './hipaa.ts'
import { HITECH } from './hitech.ts'
import { ISO_27001 } from './iso-27001.ts'
import { PART_11 } from './part-11.ts'
import { SOC_2 } from './soc-2.ts'

/** A body of rules, by the word with which it is asked for. */
export interface FrameworkDefinition {
  readonly title: string
  readonly controls: readonly Control[]
}

/** Every framework for which there is a report. Which clauses concern a product of this kind is our choice; see docs. */
export const FRAMEWORKS = {
  hipaa: { title: 'HIPAA, 45 CFR 164 (security and de-identification)', controls: HIPAA },
  hitech: { title: 'HITECH, breach notification (45 CFR 164 subpart D)', controls: HITECH },
  part11: { title: '21 CFR 11, electronic records and signatures', controls: PART_11 },
  gdpr: { title: 'GDPR, Regulation (EU) 2016/679', controls: GDPR },
  iso27001: { title: 'ISO/IEC 27001:2022, Annex A', controls: ISO_27001 },
  soc2: { title: 'SOC 2, trust services criteria', controls: SOC_2 },
  'eu-ai-act': { title: 'EU AI Act, Regulation (EU) 2024/1689', controls: EU_AI_ACT },
} as const satisfies Readonly<Record<string, FrameworkDefinition>>

export type Framework = keyof typeof FRAMEWORKS
export const FRAMEWORK_NAMES = Object.keys(FRAMEWORKS) as readonly Framework[]
