import { envelopeBody } from '@leadglass/sync-agent/contract'
import type { ComparedField } from '@leadglass/ui/contract/local-api'
import type { ListedEnvelope, StudyRow } from '../records/index.ts'

/** What envelopes say of a study as a whole. */
interface Said {
  readonly patient: string | null
  readonly month: string | null
  readonly ageDecade: number | null
  readonly sex: string | null
  readonly modality: string | null
}

/**
 * A study before and after: each thing that the site knows of it, beside what left in its place.
 * @param envelopes of the study, newest first.
 */
export function comparedFields(
  study: StudyRow,
  studyInstanceUid: string,
  envelopes: readonly Pick<ListedEnvelope, 'content'>[],
): ComparedField[] {
  const said = saidIn(envelopes)
  const left = envelopes.length > 0
  const field = (name: string, before: string, after: string | null, fieldClass: string): ComparedField => ({
    name,
    before,
    after,
    fieldClass: after === null ? null : fieldClass,
  })
  const gone = (name: string, before: string): ComparedField => field(name, before, null, '')
  return [
    gone("Patient's Name (0010,0010)", study.patientName),
    field('Patient ID (0010,0020)', study.patientId, said.patient, 'pseudonym'),
    field("Patient's Birth Date (0010,0030)", study.patientBirthDate, decadeText(said.ageDecade), 'decade'),
    field("Patient's Sex (0010,0040)", study.patientSex, said.sex, 'code'),
    field('Study Instance UID (0020,000D)', studyInstanceUid, left ? study.studyPseudonym : null, 'pseudonym'),
    gone('Accession Number (0008,0050)', study.accessionNumber),
    field('Study Date (0008,0020)', study.studyDate, said.month, 'month'),
    gone('Study Time (0008,0030)', study.studyTime),
    gone('Study Description (0008,1030)', study.studyDescription),
    field('Modalities in Study (0008,0061)', study.modalities, said.modality, 'code'),
  ]
}

function saidIn(envelopes: readonly Pick<ListedEnvelope, 'content'>[]): Said {
  let said: Said = { patient: null, month: null, ageDecade: null, sex: null, modality: null }
  for (const { content } of envelopes) {
    const parsed = envelopeBody.safeParse((JSON.parse(content) as { body?: unknown }).body)
    if (!parsed.success || !('patient' in parsed.data)) continue
    const { data } = parsed
    said = { ...said, patient: said.patient ?? data.patient }
    if (data.kind !== 'instance-features' || said.month !== null) continue
    const { month, ageDecade, sex, modality } = data.acquisition
    said = { ...said, month, ageDecade, sex, modality }
  }
  return said
}

function decadeText(decade: number | null): string | null {
  if (decade === null) return null
  return decade === 9 ? '90 and above' : `${decade}0 to ${decade}9`
}
